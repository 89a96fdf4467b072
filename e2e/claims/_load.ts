import { type Check, type Context, holds, same } from '../claim.js';
import { until } from '../node/processes.js';
import type { ServedIdentity } from '../pods/control.js';
import type { CallReport, LoadReport } from '../pods/load.js';
import { ask, inTurns } from './_calls.js';

interface LoadOptions {
  /** Hosts and ports that a service calls where there is no mutual TLS. */
  readonly plain?: (service: string) => readonly string[];
  /** By which the pause between requests is longer. @default 1 */
  readonly slower?: number;
}

/** Steady load between all services of a fleet, as their own policies declare it. */
export class FleetLoad {
  constructor(
    private readonly context: Context,
    private readonly namespace: string,
    /** Names of pods by service. */
    private readonly pods: ReadonlyMap<string, string>,
  ) {}

  async start({ plain = () => [], slower = 1 }: LoadOptions = {}): Promise<void> {
    await this.#all(service => `/load/start?${[...plain(service).map(host => `plain=${host}`), `slower=${slower}`].join('&')}`);
  }

  /** A process that has just begun, or whose kubelet has, can't be asked yet. */
  async untilReady(): Promise<void> {
    await until('every pod can be asked', 60, () =>
      this.identities().then(
        () => true,
        () => false,
      ),
    );
  }

  /** Stops everywhere, and says of each call whether requests were lost. */
  async stop(): Promise<ReadonlyMap<string, LoadReport>> {
    return (await this.#all(() => '/load/stop')) as ReadonlyMap<string, LoadReport>;
  }

  /** What came of it so far. */
  async progress(): Promise<ReadonlyMap<string, LoadReport>> {
    return (await this.#all(() => '/load')) as ReadonlyMap<string, LoadReport>;
  }

  /** What each process serves with now. */
  async identities(): Promise<ReadonlyMap<string, ServedIdentity>> {
    return (await this.#all(() => '/identity')) as ReadonlyMap<string, ServedIdentity>;
  }

  async #all(path: (service: string) => string): Promise<ReadonlyMap<string, unknown>> {
    const answers = await inTurns(
      [...this.pods],
      async ([service, pod]): Promise<[string, unknown]> => [service, await ask(this.context, this.namespace, pod, path(service))],
    );
    return new Map(answers);
  }
}

/** A check for each call: as many requests as a steady load has, and none of them lost. */
export function noneLost(when: string, reports: ReadonlyMap<string, LoadReport>, { perSecond = 1 } = {}): Check[] {
  return [...reports].flatMap(([caller, { calls, failures, seconds }]) =>
    calls.map(({ service, sent, failed }) => {
      const [all, lost] = [sent.kept + sent.fresh, failed.kept + failed.fresh];
      const enough = sent.kept > seconds * perSecond && sent.fresh > seconds * perSecond;
      const found = `${lost} of ${all} requests in ${seconds} s failed: ${failures.filter(line => line.includes(` ${service} `)).join('; ')}`;
      return holds(`${caller} → ${service} ${when}: no request is lost`, enough && lost === 0, found);
    }),
  );
}

/** Requests of all calls together. */
export function totals(reports: ReadonlyMap<string, LoadReport>): { readonly requests: number; readonly longestMs: number } {
  const calls: CallReport[] = [...reports.values()].flatMap(report => report.calls);
  return {
    requests: calls.reduce((sum, { sent }) => sum + sent.kept + sent.fresh, 0),
    longestMs: Math.max(0, ...calls.map(({ longestMs }) => longestMs)),
  };
}

/** Each declared call is under load, so that no check above is about nothing. */
export function coversEveryCall(edges: readonly string[], reports: ReadonlyMap<string, LoadReport>): Check {
  const seen = [...reports].flatMap(([caller, { calls }]) => calls.map(({ service }) => `${caller} → ${service}`));
  return same('every declared call is under load', seen.sort(), [...edges].sort());
}
