import type { Sample } from '../_runtime-page.js';
import { durationText } from '../_values.js';
import type { MigrationFacts, Policy, RunningPod, Service } from './facts.js';

type Mode = Policy['mode'];

/** The way of a port from plain text to mutual TLS alone. */
export const WAY: readonly Mode[] = ['disabled', 'permissive', 'audit', 'strict'];

/** One port of one service. */
export interface PortMigration {
  readonly service: string;
  readonly namespace: string;
  /** Name in the fleet file. */
  readonly port: string;
  readonly mode: Mode;
  /** Undefined when it is strict. */
  readonly nextMode: Mode | undefined;
  /** Whether the next mode breaks nobody that was seen. `done`: it is strict. */
  readonly verdict: 'safe' | 'not-yet' | 'done';
  /** What was seen, for and against. */
  readonly evidence: readonly string[];
  /** The change of the fleet file, where all ports of the service may go on. */
  readonly edit: string | undefined;
}

export interface Migration {
  readonly fleet: string;
  readonly environment: string;
  readonly ports: readonly PortMigration[];
  readonly broken: MigrationFacts['broken'];
}

export interface MigrationOptions {
  /** How long nothing may have been seen that the next mode would break, in seconds. */
  readonly quietSeconds: number;
}

/** In place of a port, of a service that has none and calls others. */
const CALLS = '(calls)';

interface Row {
  readonly callee: Service;
  readonly port: string;
  readonly mode: Mode;
  readonly callers: readonly Service[];
}

/** Evidence against goes on; evidence for ends it. */
interface Judged {
  readonly against: readonly string[];
  readonly for: readonly string[];
}

/** How far each port is, and what may come next. What nobody can tell is against it. */
export function migrationOf(facts: MigrationFacts, options: MigrationOptions): Migration {
  const rows = facts.services.flatMap(callee => rowsOf(facts, callee));
  const judged = rows.map(row => ({ row, ...judge(facts, row, options) }));
  const ports = judged.map(({ row, against, for: reasons }): PortMigration => {
    const { callee, port, mode } = row;
    const nextMode = WAY[WAY.indexOf(mode) + 1];
    const verdict = nextMode === undefined ? 'done' : against.length === 0 ? 'safe' : 'not-yet';
    const siblings = judged.filter(other => other.row.callee === callee);
    const together = verdict === 'safe' && siblings.every(other => other.against.length === 0 && other.row.mode === mode);
    return {
      service: callee.policy.service,
      namespace: callee.namespace,
      port,
      mode,
      nextMode,
      verdict,
      evidence: [...against, ...reasons],
      edit: together ? `environments.${facts.environment}.services.${callee.policy.service}.mode: ${nextMode}` : undefined,
    };
  });
  return { fleet: facts.fleet, environment: facts.environment, ports, broken: facts.broken };
}

/** A port in mode disabled is in no allow-list of its own: only its callers know of it. */
function rowsOf({ services }: MigrationFacts, callee: Service): Row[] {
  const { policy } = callee;
  const calling = (port: string): Service[] =>
    services.filter(({ policy: { client } }) => client.some(({ service, name }) => service === policy.service && name === port));
  const known = new Set([
    ...policy.server.map(({ name }) => name),
    ...services.flatMap(({ policy: { client } }) => client.filter(({ service }) => service === policy.service).map(({ name }) => name)),
  ]);
  // of one that only calls there is its own mode, which its calls need
  if (known.size === 0)
    return policy.mode === 'disabled' && policy.client.length > 0 ? [{ callee, port: CALLS, mode: policy.mode, callers: [] }] : [];
  return [...known].sort().map(port => {
    const entry = policy.server.find(({ name }) => name === port);
    return { callee, port, mode: entry?.mode ?? 'disabled', callers: calling(port) };
  });
}

function judge(facts: MigrationFacts, row: Row, options: MigrationOptions): Judged {
  const broken = facts.broken.map(({ key, reason }) => `ConfigMap ${key} is read by no process: ${reason}`);
  const { against, for: reasons } = byMode(facts, row, options);
  return { against: [...broken, ...against], for: reasons };
}

function byMode(facts: MigrationFacts, row: Row, options: MigrationOptions): Judged {
  switch (row.mode) {
    case 'disabled':
      return toPermissive(row);
    case 'permissive':
      return toAudit(facts, row, options);
    case 'audit':
      return toStrict(facts, row, options);
    default:
      return { against: [], for: [] };
  }
}

/** Everybody has a certificate before anybody is asked for one. */
function toPermissive({ callee, port, callers }: Row): Judged {
  const lacking = [callee, ...callers].filter(({ isCertified }) => isCertified !== true);
  return {
    against: lacking.map(
      ({ namespace, policy, isCertified }) =>
        `Certificate ${namespace}/${policy.service}-tls ${isCertified === undefined ? 'is not there' : 'is not ready'}`,
    ),
    for:
      lacking.length > 0
        ? []
        : port === CALLS
          ? [`${callee.policy.service} has a certificate`]
          : [`${callee.policy.service} and its ${callers.length} callers have certificates; the plain port stays`],
  };
}

/** The plain port goes away: nobody may have used it, and callers must speak TLS. */
function toAudit({ now }: MigrationFacts, { callee, port, callers }: Row, options: MigrationOptions): Judged {
  const plainPort = callee.policy.server.find(({ name }) => name === port)?.plainPort;
  // MTLS_ENABLED is false in such a process, whatever the mode of the call
  const silent = callers.filter(({ policy: { mode } }) => mode === 'disabled');
  const disabled = callers.flatMap(({ pods }) => pods.filter(pod => samplesOf(pod, 'sentinel_mtls_mode', { mode: 'disabled' }).length > 0));
  const seen = counted(callee, now, options, pod => {
    const rows = samplesOf(pod, 'sentinel_mtls_plain_connections_total', { port: String(plainPort) });
    if (rows.length === 0) return `the process in pod ${pod.key} does not count connections to its plain port ${plainPort}`;
    const count = total(rows);
    return count > 0 ? `${count} plain connections to port ${plainPort} of pod ${pod.key} ${since(pod)}` : undefined;
  });
  return {
    against: [
      ...silent.map(({ policy: { service } }) => `${service} calls it, and is itself in mode disabled`),
      ...disabled.map(({ key }) => `the process of a caller in pod ${key} runs in mode disabled`),
      ...seen.against,
    ],
    for: seen.against.length === 0 ? [`no plain connection was seen: ${seen.span}`] : [],
  };
}

/** Whoever was let through although nobody lists it would be refused. */
function toStrict({ now }: MigrationFacts, { callee, port }: Row, options: MigrationOptions): Judged {
  const number = callee.policy.server.find(({ name }) => name === port)?.port;
  const seen = counted(callee, now, options, pod => {
    const rows = samplesOf(pod, 'sentinel_mtls_denials_total', { port: String(number), enforced: 'false' });
    if (total(rows) === 0) return undefined;
    const peers = rows.map(({ labels, value }) => `${labels.peer} (${labels.reason}, ${value})`);
    return `${total(rows)} requests that strict would refuse on port ${number} of pod ${pod.key} ${since(pod)}: ${peers.join(', ')}`;
  });
  return { against: seen.against, for: seen.against.length === 0 ? [`nobody was seen whom strict would refuse: ${seen.span}`] : [] };
}

/** What every pod of a service has counted; silence of a pod is against it, and so is one that has not run long enough. */
function counted(
  callee: Service,
  now: number,
  { quietSeconds }: MigrationOptions,
  look: (pod: RunningPod) => string | undefined,
): { readonly against: readonly string[]; readonly span: string } {
  const { pods } = callee;
  if (pods.length === 0) return { against: [`no pod of ${callee.policy.service} runs, so nothing was counted`], span: '' };
  const against = pods.flatMap(pod => {
    if ('unreadable' in pod.page) return [`the metrics of pod ${pod.key} can't be read: ${pod.page.unreadable}`];
    const found = look(pod);
    if (found !== undefined) return [found];
    const seconds = (now - pod.startedAt) / 1000;
    // NaN is no time that anybody has seen
    return seconds >= quietSeconds ? [] : [`pod ${pod.key} counts ${since(pod)}, less than ${durationText(quietSeconds)} (--quiet-for)`];
  });
  const shortest = Math.min(...pods.map(({ startedAt }) => (now - startedAt) / 1000));
  return { against, span: `${pods.length} pods, for ${durationText(shortest)} at least` };
}

const since = ({ startedAt }: RunningPod): string =>
  Number.isNaN(startedAt) ? 'since an unknown time' : `since ${new Date(startedAt).toISOString().slice(0, 16).replace('T', ' ')}`;

const total = (rows: readonly Sample[]): number => rows.reduce((sum, { value }) => sum + value, 0);

function samplesOf({ page }: RunningPod, name: string, labels: Readonly<Record<string, string>>): Sample[] {
  if ('unreadable' in page) return [];
  return page.samples.filter(
    sample => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
}
