import type { RelationProof } from '../../check/relations/index.js';
import type { Finding } from '../../check/verify/index.js';
import type { Mode, Plan } from '../../fleet/index.js';
import type { ObjectSet } from '../../objects/index.js';
import { plural } from '../plural.js';
import { type AuthorityNode, authorityTree } from './authority-tree.js';
import { type CertificateRow, certificateRows } from './certificate-rows.js';
import { type ServiceRow, serviceRows } from './service-rows.js';

export interface ReportInput {
  readonly plan: Plan;
  readonly objects: ObjectSet;
  readonly proof: RelationProof;
  /** Of every check, those of the proof among them. */
  readonly findings: readonly Finding[];
  /** Where the manifests come from, in words: `dist/prod`. */
  readonly source: string;
  /** Of this program. */
  readonly version: string;
}

/** All that a report says, whatever its form. It holds no time: the same input gives the same bytes. */
export interface FleetReport {
  readonly plan: Plan;
  readonly source: string;
  readonly version: string;
  readonly proof: RelationProof;
  readonly findings: readonly Finding[];
  /** The same, errors first; those with one code and one place are one mistake. */
  readonly mistakes: readonly Mistake[];
  readonly services: readonly ServiceRow[];
  readonly certificates: readonly CertificateRow[];
  readonly authorities: readonly AuthorityNode[];
  /** Calls between services of the fleet by their mode; disabled are those that carry no mutual TLS, such as metrics. */
  readonly callsByMode: Readonly<Record<Mode, number>>;
}

export function fleetReport({ plan, objects, proof, findings, source, version }: ReportInput): FleetReport {
  const callsByMode = { strict: 0, audit: 0, permissive: 0, disabled: 0 };
  for (const { mode } of plan.edges) callsByMode[mode] += 1;
  return {
    plan,
    source,
    version,
    proof,
    findings,
    mistakes: mistakesOf(findings),
    services: serviceRows(plan),
    certificates: certificateRows(objects, plan),
    authorities: authorityTree(plan),
    callsByMode,
  };
}

export interface Mistake {
  readonly first: Finding;
  /** Further findings of the same code at the same place. */
  readonly more: number;
}

/** One rule that opens everything is a finding for each service, and for a reader one line to mend. */
function mistakesOf(findings: readonly Finding[]): readonly Mistake[] {
  const groups = new Map<string, { readonly first: Finding; more: number }>();
  for (const finding of findings) {
    const { code, object, path, file, line } = finding;
    const key = JSON.stringify([code, object, path, file, line, object === '' ? finding.message : '']);
    const group = groups.get(key);
    if (group) group.more += 1;
    else groups.set(key, { first: finding, more: 0 });
  }
  return [...groups.values()].sort((a, b) => RANK[a.first.severity] - RANK[b.first.severity]);
}

const RANK = { error: 0, warning: 1, note: 2 } as const;

export const countOf = (findings: readonly Finding[], severity: Finding['severity']): number =>
  findings.filter(finding => finding.severity === severity).length;

export interface Verdict {
  /** `open`: nothing is wrong, and somebody may do more than what is declared, because nothing limits it. */
  readonly state: 'proved' | 'open' | 'failed';
  /** One sentence without its full stop. */
  readonly text: string;
}

/** The proof fails by its differences; an error of another check spoils it too. */
export function verdictOf({ proof, findings }: FleetReport): Verdict {
  if (!proof.equal)
    return {
      state: 'failed',
      text: `Not proved: ${plural(proof.differences.length + proof.unlisted, 'difference')} from the declared calls`,
    };
  const errors = countOf(findings, 'error');
  if (errors > 0) return { state: 'failed', text: `Not fine: ${plural(errors, 'error')} in the findings below` };
  const layers = Object.entries(proof.layers);
  const open = layers.filter(([, { checked }]) => !checked).map(([layer]) => layer);
  if (open.length === 0) return { state: 'proved', text: 'Proved: exactly the declared calls are possible' };
  const closed = layers.filter(([, { checked }]) => checked).map(([layer]) => layer);
  const sure = `Proved for ${closed.join(' and ')}: exactly the declared calls`;
  return { state: 'open', text: `${sure}. Not limited: ${open.map(layer => OPEN_TEXT[layer] ?? layer).join('; ')}` };
}

const OPEN_TEXT: Readonly<Record<string, string>> = {
  network: 'who can connect to a port',
  issuance: 'who may obtain a certificate',
};
