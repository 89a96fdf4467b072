import { type Agent, get as getPlain, Agent as PlainAgent } from 'node:http';
import { get as getSecure } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import type { Mtls } from '../../libs/sentinel-node/src/index.js';

/** How requests reach a server: on connections that stay open, or each with a handshake of its own. */
type Way = 'kept' | 'fresh';

/** What came of the load towards one port of one service. */
export interface CallReport {
  readonly service: string;
  readonly port: number;
  readonly sent: Record<Way, number>;
  readonly failed: Record<Way, number>;
  /** Of the longest request that succeeded. */
  longestMs: number;
  /** Serial numbers of the certificates that the server has shown. */
  readonly serials: string[];
}

export interface LoadReport {
  readonly seconds: number;
  readonly calls: readonly CallReport[];
  /** The first ones, in words. */
  readonly failures: readonly string[];
}

const PAUSE_MS: Readonly<Record<Way, number>> = { kept: 20, fresh: 60 };
/** Within which the first request of each loop is made. */
const FIRST_MS = 250;
const TIMEOUT_MS = 5_000;
const MAX_FAILURES = 20;

/** One port that is called. */
interface Target {
  readonly service: string;
  readonly port: number;
  readonly url: string;
  readonly agent: Agent;
  /** What an answer must have in it. */
  readonly expected: string;
}

/** Every callee of the own policy, called as the runtime library calls. */
export const declaredTargets = (mtls: Mtls): Target[] =>
  (mtls.current().policy?.policy.client ?? []).map(({ service, host, port, spiffeId }) => ({
    service,
    port,
    url: `https://${host}:${port}/`,
    agent: mtls.agent(),
    expected: `"server":"${spiffeId}"`,
  }));

/** Hosts and ports without TLS, like `control-api.sentinel-system.svc.cluster.local:8000`. */
export const plainTargets = (hosts: readonly string[]): Target[] =>
  hosts.map(host => ({
    service: host.split('.')[0] ?? '',
    port: Number(host.split(':')[1]),
    url: `http://${host}/`,
    agent: new PlainAgent({ keepAlive: true }),
    expected: 'up 1',
  }));

/** Steady calls until they are stopped. */
export class Load {
  readonly #started = Date.now();
  readonly #reports: CallReport[] = [];
  readonly #failures: string[] = [];
  readonly #loops: Promise<void>[];
  #running = true;

  /** @param slower by which the pause between requests is longer */
  constructor(
    targets: readonly Target[],
    private readonly slower: number,
  ) {
    this.#loops = targets.flatMap(({ service, port, url, agent, expected }) => {
      const report: CallReport = { service, port, sent: { kept: 0, fresh: 0 }, failed: { kept: 0, fresh: 0 }, longestMs: 0, serials: [] };
      this.#reports.push(report);
      return (['kept', 'fresh'] as const).map(way => this.#loop(way, report, () => request(url, agent, way, expected)));
    });
  }

  async stop(): Promise<LoadReport> {
    this.#running = false;
    await Promise.all(this.#loops);
    return this.report();
  }

  /** So far. */
  report(): LoadReport {
    return { seconds: (Date.now() - this.#started) / 1000, calls: this.#reports, failures: this.#failures };
  }

  async #loop(way: Way, report: CallReport, call: () => Promise<string>): Promise<void> {
    const pause = PAUSE_MS[way] * this.slower;
    // or thirty services would make their first handshakes, which take the longest, at the same moment on two cores
    await sleep(Math.random() * FIRST_MS * this.slower);
    while (this.#running) {
      const start = performance.now();
      report.sent[way] += 1;
      try {
        const serial = await call();
        report.longestMs = Math.max(report.longestMs, Math.round(performance.now() - start));
        if (serial !== '' && !report.serials.includes(serial)) report.serials.push(serial);
      } catch (error) {
        report.failed[way] += 1;
        const reason = error instanceof Error ? `${'code' in error ? `${String(error.code)} ` : ''}${error.message}` : String(error);
        if (this.#failures.length < MAX_FAILURES) this.#failures.push(`${new Date().toISOString()} ${report.service} ${way}: ${reason}`);
      }
      await sleep(pause);
    }
  }
}

/** The serial number of the server's certificate, empty without TLS; fails for anything but the answer that was meant. */
function request(url: string, agent: Agent, way: Way, expected: string): Promise<string> {
  const get = url.startsWith('https:') ? getSecure : getPlain;
  // with this header the agent makes a connection for this request alone; `maxFreeSockets: 0` would mean 256
  const headers = way === 'fresh' ? { connection: 'close' } : {};
  return new Promise((resolve, reject) => {
    const sent = get(url, { agent, headers }, response => {
      const { socket } = response;
      const serial = socket instanceof TLSSocket ? socket.getPeerCertificate().serialNumber : '';
      let text = '';
      response.setEncoding('utf8');
      response.on('data', part => {
        text += part;
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200 && text.includes(expected)) resolve(serial);
        else reject(new Error(`${response.statusCode} ${text.slice(0, 200)}`));
      });
    });
    sent.setTimeout(TIMEOUT_MS, () => sent.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)));
    sent.on('error', reject);
  });
}
