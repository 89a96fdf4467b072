import type { Attempt, HandshakeResult } from '../check/prove/index.js';
import type { Plan } from '../fleet/index.js';
import { alignColumns } from './handshakes-columns.js';

/** Columns of a terminal that most people have. */
const WIDTH = 110;

const MARKS = { accepted: '✓', refused: '·', failure: '!!', audit: 'a', itself: '-', untested: '?' } as const;
type Mark = keyof typeof MARKS;

const LEGEND: Readonly<Record<Mark, string>> = {
  accepted: 'declared and accepted',
  refused: 'not declared and refused',
  failure: 'failure',
  audit: 'not declared, let through by mode audit',
  itself: 'itself',
  untested: 'not tested',
};

/** Who calls (rows) whom (columns), one mark a call. */
export function formatMatrix(result: HandshakeResult, plan: Plan): string {
  const columns = columnsOf(result);
  if (columns.length === 0) return '  no port carries mutual TLS';
  const calls = callsOf(result);
  const used = new Set<Mark>();
  const rows = plan.services.map(({ name: caller }) => [
    caller,
    ...columns.map(({ callee, key }) => {
      const mark = caller === callee ? 'itself' : markOf(calls.get(`${caller} ${key}`));
      used.add(mark);
      return MARKS[mark];
    }),
  ]);
  const full = alignColumns([['', ...columns.map(({ key }) => key)], ...rows]);
  const narrow = full.split('\n').every(line => line.length <= WIDTH);
  const table = narrow ? full : alignColumns([['', ...columns.map((_, index) => String(index + 1))], ...rows]);
  const names = narrow ? '' : `\n\n${alignColumns(columns.map(({ key }, index) => [String(index + 1), key]))}`;
  const legend = (Object.keys(MARKS) as Mark[]).filter(mark => used.has(mark)).map(mark => `${MARKS[mark]} ${LEGEND[mark]}`);
  return `${table}${names}\n\n  ${legend.join('   ')}`;
}

/** One line a port: who was accepted, how many were refused. */
export function formatTable(result: HandshakeResult): string {
  const rows = columnsOf(result).map(({ key, callee, port }) => {
    const here = result.attempts.filter(attempt => isCall(attempt) && attempt.callee === callee && attempt.port === port);
    const accepted = here.filter(({ outcome, expected }) => outcome === 'accepted' && expected !== 'audited').map(({ caller }) => caller);
    const undeclared = here.filter(({ kind, expected }) => kind === 'nonEdge' && expected === 'refused');
    const refused = undeclared.filter(({ outcome }) => outcome === 'refused').length;
    const failed = result.failures.some(attempt => attempt.callee === callee && attempt.port === port);
    return [failed ? MARKS.failure : '', key, shortList(accepted), `${refused} of ${undeclared.length}`];
  });
  return alignColumns([['', 'port', 'accepts', 'undeclared refused'], ...rows]);
}

interface Column {
  readonly key: string;
  readonly callee: string;
  readonly port: string;
}

/** Ports that an attempt was made at, in the order of their services. */
function columnsOf(result: HandshakeResult): readonly Column[] {
  const columns = new Map<string, Column>();
  for (const { callee, port } of result.attempts) columns.set(`${callee}:${port}`, { key: `${callee}:${port}`, callee, port });
  return [...columns.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

const isCall = ({ kind }: Attempt): boolean => kind === 'edge' || kind === 'external' || kind === 'nonEdge';

interface Call {
  readonly attempt: Attempt;
  readonly failed: boolean;
}

function callsOf(result: HandshakeResult): ReadonlyMap<string, Call> {
  const failures = new Set(result.failures);
  const calls = result.attempts.filter(isCall);
  return new Map(calls.map(attempt => [`${attempt.caller} ${attempt.callee}:${attempt.port}`, { attempt, failed: failures.has(attempt) }]));
}

function markOf(call: Call | undefined): Mark {
  if (!call) return 'untested';
  if (call.failed) return 'failure';
  if (call.attempt.outcome === 'refused') return 'refused';
  return call.attempt.expected === 'audited' ? 'audit' : 'accepted';
}

/** 60 characters of names keep a line within a terminal. */
function shortList(names: readonly string[]): string {
  if (names.length === 0) return 'nobody';
  let shown = 0;
  let text = '';
  while (shown < names.length && (shown === 0 || text.length + (names[shown]?.length ?? 0) < 60)) {
    text += `${shown === 0 ? '' : ', '}${names[shown]}`;
    shown += 1;
  }
  return shown === names.length ? text : `${text} and ${names.length - shown} more`;
}
