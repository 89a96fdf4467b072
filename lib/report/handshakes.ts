import type { AttackKind, Attempt, HandshakeResult } from '../check/prove/index.js';
import { ATTACK_KINDS } from '../check/prove/index.js';
import type { Plan } from '../fleet/index.js';
import { alignColumns } from './handshakes-columns.js';
import { formatMatrix, formatTable } from './handshakes-matrix.js';

/** More services than this make a table too wide to read. */
const MATRIX_SERVICES = 12;

/** Version of the JSON form; it changes when a field changes its meaning or goes away. */
const SCHEMA_VERSION = 1;

const ATTACK_TEXT: Readonly<Record<AttackKind, string>> = {
  noCertificate: 'callers without a certificate refused',
  foreignAuthority: 'callers from a foreign authority refused',
  expired: 'callers with an expired certificate refused',
  otherIdentity: "callers with another service's identity refused",
  identityInCommonName: 'callers with a common name as identity refused',
  severalIdentities: 'callers with two identities refused',
  otherServer: 'servers that are another service refused',
  otherServerIdentity: "servers with another service's identity refused",
};

/** The proof as text: failures first, then who can call whom, then the sums. Only the last line depends on the time. */
export function formatHandshakes(result: HandshakeResult, plan: Plan): string {
  const body = plan.services.length <= MATRIX_SERVICES ? formatMatrix(result, plan) : formatTable(result);
  const sections = [
    `handshakes of fleet ${result.fleet}, environment ${result.environment}`,
    formatFailures(result.failures),
    body,
    formatSummary(result),
    formatNotProvable(result),
    result.notes.map(note => `  note: ${note}`).join('\n'),
    `  ${result.attempts.length} handshakes in ${(result.elapsedMs / 1000).toFixed(1)} s`,
  ];
  return `${sections.filter(section => section !== '').join('\n\n')}\n`;
}

/** The proof as plain data, to be printed as JSON. */
export function handshakesJson(result: HandshakeResult): HandshakeResult & { readonly schemaVersion: number } {
  return { schemaVersion: SCHEMA_VERSION, ...result };
}

function formatFailures(failures: readonly Attempt[]): string {
  if (failures.length === 0) return '';
  const lines = failures.map(failure => `  !! ${failureText(failure)}\n     layer ${failure.layer}: ${failure.reason}`);
  return [`${failures.length} ${failures.length === 1 ? 'failure' : 'failures'}`, ...lines].join('\n');
}

function failureText({ kind, caller, callee, port, layer }: Attempt): string {
  const call = `${caller} → ${callee}:${port}`;
  if (layer === 'timeout') return `${call} was not decided in time (${kind})`;
  switch (kind) {
    case 'edge':
      return `${call} is declared, but was refused`;
    case 'external':
      return `${call} is declared for an external, but was refused`;
    case 'nonEdge':
      return `${call} is not declared, but was accepted`;
    case 'listen':
      return `${callee}:${port} has no server`;
    case 'otherServer':
    case 'otherServerIdentity':
      return `${call}: the caller accepted an impostor (${kind})`;
    default:
      return `${callee}:${port} accepted a forged caller (${kind})`;
  }
}

function formatSummary(result: HandshakeResult): string {
  const { edges, externals, nonEdges, audit } = result;
  const rows: string[][] = [['declared calls accepted', `${edges.accepted} of ${edges.declared}`, edgeRemark(result)]];
  if (externals.declared > 0)
    rows.push(['declared calls of externals accepted', `${externals.accepted} of ${externals.declared}`, 'played']);
  const skipped = nonEdges.skipped > 0 ? `tested ${nonEdges.tested} of ${nonEdges.total}, sampled by seed ${result.seed}` : '';
  rows.push(['undeclared calls refused', `${nonEdges.refused} of ${nonEdges.tested}`, skipped]);
  for (const kind of ATTACK_KINDS) {
    const { attempted, refused } = result.attacks[kind];
    const sample = result.attempts.find(attempt => attempt.kind === kind && attempt.outcome === 'refused');
    if (attempted > 0) rows.push([ATTACK_TEXT[kind], `${refused} of ${attempted}`, sample?.reason ?? '']);
  }
  if (audit.ports > 0)
    rows.push([
      'undeclared calls let through by audit',
      `${audit.letThrough} of ${audit.attempted}`,
      `mode audit: ${audit.ports === 1 ? '1 port' : `${audit.ports} ports`}`,
    ]);
  return alignColumns(rows);
}

function edgeRemark({ edges }: HandshakeResult): string {
  const left = edges.declared - edges.tested;
  return left === 0 ? '' : `${left} not provable by handshake`;
}

function formatNotProvable({ notProvable }: HandshakeResult): string {
  if (notProvable.length === 0) return '';
  const rows = notProvable.map(({ caller, callee, port, reason }) => [
    `${caller === undefined ? '' : `${caller} → `}${callee}:${port}`,
    reason,
  ]);
  return `not provable by handshake\n${alignColumns(rows)}`;
}
