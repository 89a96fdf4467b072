import type { Issue, Path } from './issue.js';
import { checkAuthorities } from './rules/authorities.js';
import { checkCalls } from './rules/calls.js';
import { checkCertificates } from './rules/certificates.js';
import { checkExistingWorkloads } from './rules/existing-workloads.js';
import { checkIdentities } from './rules/identities.js';
import { checkNames } from './rules/names.js';
import { checkNetwork } from './rules/network.js';
import { checkPublicCertificates } from './rules/public-certificates.js';
import { checkWorkloads } from './rules/workloads.js';
import { checkStructure } from './structure.js';
import type { Fleet } from './types.js';

/** Every rule of the same shape: a fleet of the right structure in, issues out. */
const RULES: readonly ((fleet: Fleet) => Iterable<Issue>)[] = [
  checkNames,
  checkWorkloads,
  checkExistingWorkloads,
  checkCalls,
  checkAuthorities,
  checkPublicCertificates,
  checkCertificates,
  checkIdentities,
  checkNetwork,
];

/**
 * Checks structure first, since meaning can only be read from what has the right shape; then every rule. An unknown
 * key alone hides nothing: the rules judge the fleet without it, but for the group of keys where it stands.
 */
export function checkFleet(input: unknown): { readonly fleet: Fleet } | { readonly issues: readonly Issue[] } {
  const structure = checkStructure(input);
  if ('issues' in structure) {
    const pruned = withoutUnknownKeys(input, structure.issues);
    const rest = pruned === undefined ? structure : checkStructure(pruned);
    return { issues: 'fleet' in rest ? [...structure.issues, ...rulesBeside(rest.fleet, structure.issues)] : structure.issues };
  }
  const issues = RULES.flatMap(rule => [...rule(structure.fleet)]);
  return issues.length === 0 ? structure : { issues };
}

function withoutUnknownKeys(input: unknown, issues: readonly Issue[]): unknown {
  if (!issues.every(issue => issue.unknownKey)) return undefined;
  const copy: unknown = structuredClone(input);
  for (const { path } of issues) {
    let parent = copy as Record<string | number, unknown>;
    for (const part of path.slice(0, -1)) parent = parent[part] as Record<string | number, unknown>;
    delete parent[path.at(-1) ?? ''];
  }
  return copy;
}

/** Issues that do not follow from a key that was left out: none in the same group, nor of a group that holds it. */
function rulesBeside(fleet: Fleet, unknown: readonly Issue[]): Issue[] {
  const groups = unknown.map(({ path }) => path.slice(0, -1));
  const touches = (a: Path, b: Path): boolean => a.slice(0, b.length).every((part, index) => part === b[index]);
  return RULES.flatMap(rule => [...rule(fleet)]).filter(
    issue => !groups.some(group => touches(issue.path, group) || touches(group, issue.path)),
  );
}
