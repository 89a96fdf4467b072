import { setTimeout as pause } from 'node:timers/promises';
import { ClusterError, NoReply } from '../cluster/index.js';
import { printable } from '../report/printable.js';

/** Aborts at Ctrl-C and at SIGTERM; a second one ends the process at once, as it does everywhere. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}

/** Looks again and again until `stop`. A cluster that does not answer, or refuses, is told of and asked again: that is when people watch. */
export async function watch(look: () => Promise<void>, everySeconds: number, stop: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await pause(everySeconds * 1000, undefined, { signal: stop });
      await look();
    } catch (error) {
      if (stop.aborted) return;
      if (!isPassing(error)) throw error;
      process.stderr.write(`${printable(error.message.split('\n')[0] ?? '')}; asked again in ${everySeconds} s\n`);
    }
  }
}

const isPassing = (error: unknown): error is Error =>
  error instanceof NoReply || (error instanceof ClusterError && (error.code === 'CLUSTER_UNREACHABLE' || error.code === 'CLUSTER_REFUSED'));
