import { Api, type Connection, connect } from '../cluster/read/index.js';
import { UsageError } from './exit.js';

/** Options of every command that talks to a cluster. */
export const CLUSTER_OPTIONS = {
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  'request-timeout': { type: 'string', default: '30s' },
} as const;

/** Options of commands that look at some namespaces. */
export const NAMESPACE_OPTIONS = {
  namespace: { type: 'string', short: 'n', multiple: true },
  'all-namespaces': { type: 'boolean', short: 'A', default: false },
} as const;

interface ClusterValues {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly 'request-timeout': string;
}

/**
 * `stop` ends questions that are under way.
 *
 * @throws ClusterError, UsageError
 */
export async function openCluster(values: ClusterValues, stop?: AbortSignal): Promise<Api> {
  const requestTimeoutMs = secondsOf(values['request-timeout'], '--request-timeout') * 1000;
  const connection: Connection = await connect({ kubeconfig: values.kubeconfig, context: values.context });
  return new Api(connection, { requestTimeoutMs, ...(stop === undefined ? {} : { signal: stop }) });
}

/** Undefined: all. */
export function namespacesOf(values: { readonly namespace?: string[]; readonly 'all-namespaces': boolean }): readonly string[] | undefined {
  if (values.namespace !== undefined && values['all-namespaces'])
    throw new UsageError('--namespace and --all-namespaces exclude each other', 'give one of them');
  for (const name of values.namespace ?? [])
    if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name)) throw new UsageError(`--namespace is "${name}"`, 'expected the name of a namespace');
  return values.namespace;
}

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

/** `30s`, `2m`, `500ms`; a number alone is seconds. */
export function secondsOf(text: string, option: string, { mayBeZero = false } = {}): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  const seconds = Number(number) * (UNITS[unit] ?? Number.NaN);
  if (!(seconds >= 0)) throw new UsageError(`${option} is "${text}"`, 'expected a time such as 30s or 2m');
  if (seconds === 0 && !mayBeZero) throw new UsageError(`${option} is "${text}"`, 'expected a time longer than nothing, such as 30s');
  return seconds;
}

export function countOf(text: string, option: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new UsageError(`${option} is "${text}"`, 'expected a number from 1');
  return count;
}
