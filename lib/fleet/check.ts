import type { Issue } from './issue.js';
import { checkAuthorities } from './rules/authorities.js';
import { checkCalls } from './rules/calls.js';
import { checkCertificates } from './rules/certificates.js';
import { checkNames } from './rules/names.js';
import { checkNetwork } from './rules/network.js';
import { checkWorkloads } from './rules/workloads.js';
import { checkStructure } from './structure.js';
import type { Fleet } from './types.js';

/** Every rule of the same shape: a fleet of the right structure in, issues out. */
const RULES: readonly ((fleet: Fleet) => Iterable<Issue>)[] = [
  checkNames,
  checkWorkloads,
  checkCalls,
  checkAuthorities,
  checkCertificates,
  checkNetwork,
];

/** Checks structure first, since meaning can only be read from what has the right shape; then every rule. */
export function checkFleet(input: unknown): { readonly fleet: Fleet } | { readonly issues: readonly Issue[] } {
  const structure = checkStructure(input);
  if ('issues' in structure) return structure;
  const issues = RULES.flatMap(rule => [...rule(structure.fleet)]);
  return issues.length === 0 ? structure : { issues };
}
