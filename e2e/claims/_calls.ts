import type { Context } from '../claim.js';
import type { CallOutcome } from '../pods/call.js';
import { CONTROL_PORT } from '../pods/control.js';

const NODE = ['/usr/bin/node', '/app/main.js'];

/** One call from a pod, by the program in its image; throws when the pod could not be asked at all. */
export async function callFrom({ kubectl }: Context, namespace: string, pod: string, words: readonly string[]): Promise<CallOutcome> {
  const { ok, stdout, stderr } = await kubectl.exec(namespace, pod, [...NODE, 'call', ...words]);
  if (!ok) throw new Error(`${namespace}/${pod} can't be asked for a call to ${words.join(' ')}: ${stderr.trim().slice(-500)}`);
  return JSON.parse(stdout) as CallOutcome;
}

/** What the process of a pod says of itself; see e2e/pods/control.ts. */
export async function ask({ api }: Context, namespace: string, pod: string, path: string): Promise<unknown> {
  const { status, text } = await api.ask(namespace, pod, CONTROL_PORT, path);
  if (status !== 200) throw new Error(`${namespace}/${pod} answers ${status} for ${path}`);
  return JSON.parse(text) as unknown;
}

/** Whom a server has refused after TLS, like `8000 spiffe://… peer-not-listed`, from its own metrics. */
export const denialsBy = (context: Context, namespace: string, pod: string): Promise<string[]> =>
  series(context, namespace, pod, 'sentinel_mtls_denials_total', ['port', 'peer', 'reason']);

/** Why a server has refused handshakes, from its own metrics. */
export async function refusalsBy(context: Context, namespace: string, pod: string): Promise<string[]> {
  const handshakes = await series(context, namespace, pod, 'sentinel_mtls_handshakes_total', ['side', 'result', 'reason']);
  return handshakes.flatMap(line => (line.startsWith('server refused ') ? [line.slice('server refused '.length)] : []));
}

async function series(context: Context, namespace: string, pod: string, name: string, labels: readonly string[]): Promise<string[]> {
  const metrics = String(await ask(context, namespace, pod, '/metrics'));
  return metrics
    .split('\n')
    .filter(line => line.startsWith(`${name}{`))
    .map(line => labels.map(label => new RegExp(`[{,]${label}="([^"]*)"`).exec(line)?.[1] ?? '').join(' '));
}

/** A few at a time: each is a process here and one in the pod, on two cores. */
export async function inTurns<T, R>(items: readonly T[], act: (item: T) => Promise<R>, width = 6): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += width) {
    results.push(...(await Promise.all(items.slice(start, start + width).map(act))));
  }
  return results;
}
