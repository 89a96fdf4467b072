import type { Context } from '../claim.js';
import type { CallOutcome } from '../pods/call.js';

const NODE = ['/usr/bin/node', '/app/main.js'];

/** One call from a pod, by the program in its image; throws when the pod could not be asked at all. */
export async function callFrom({ kubectl }: Context, namespace: string, pod: string, words: readonly string[]): Promise<CallOutcome> {
  const { ok, stdout, stderr } = await kubectl.exec(namespace, pod, [...NODE, 'call', ...words]);
  if (!ok) throw new Error(`${namespace}/${pod} can't be asked for a call to ${words.join(' ')}: ${stderr.trim().slice(-500)}`);
  return JSON.parse(stdout) as CallOutcome;
}

/** A few at a time: each is a process here and one in the pod, on two cores. */
export async function inTurns<T, R>(items: readonly T[], act: (item: T) => Promise<R>, width = 6): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += width) {
    results.push(...(await Promise.all(items.slice(start, start + width).map(act))));
  }
  return results;
}
