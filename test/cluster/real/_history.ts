import type { X509Certificate } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { RealCluster } from './_cluster.js';
import { believes, NAMESPACE, parsed } from './_rotation.js';

interface Seen {
  readonly what: string;
  readonly certificates: readonly X509Certificate[];
  readonly text: string;
  readonly from: number;
  /** Last time at which it was still so. */
  until: number;
}

const LOOK_MS = 100;

/** Everything that a process may have loaded, with the times between which the cluster showed it. */
export class History {
  readonly #bundles: Seen[] = [];
  readonly #chains: Seen[] = [];
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();

  static start(cluster: RealCluster, secrets: readonly string[]): History {
    const history = new History();
    history.#loop = history.#watch(cluster, secrets);
    return history;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
  }

  get bundles(): number {
    return this.#bundles.length;
  }

  get chains(): number {
    return this.#chains.length;
  }

  /** Moments in which a process that loads everything up to `lagMs` late meets one that it does not believe. */
  disbeliefs(lagMs: number): string[] {
    return this.#bundles.flatMap(bundle =>
      this.#chains
        .filter(chain => chain.from <= bundle.until + lagMs && bundle.from <= chain.until + lagMs)
        .filter(chain => !believes(bundle.certificates, chain.certificates))
        .map(chain => `${chain.what} of ${chain.from} under the bundle of ${bundle.from}`),
    );
  }

  async #watch(cluster: RealCluster, secrets: readonly string[]): Promise<void> {
    const api = cluster.api();
    const at = (plural: string, name: string): string => `/api/v1/namespaces/${NAMESPACE}/${plural}/${name}`;
    const look = async (list: Seen[], what: string, path: string, key: string): Promise<void> => {
      const { data = {} } = (await api.get(path)) as { data?: Record<string, string> };
      const text = data[key] ?? '';
      const now = Date.now();
      const last = list.filter(seen => seen.what === what).at(-1);
      if (last?.text === text) last.until = now;
      else {
        const pem = key === 'ca.crt' ? text : Buffer.from(text, 'base64').toString('latin1');
        list.push({ what, certificates: parsed(pem), text, from: now, until: now });
      }
    };
    for (;;) {
      // one more look after the end, for what came last
      const isLast = this.#stopped;
      await look(this.#bundles, 'bundle', at('configmaps', 'sentinel-ca-bundle'), 'ca.crt');
      for (const name of secrets) await look(this.#chains, name, at('secrets', name), 'tls.crt');
      if (isLast) return;
      await pause(LOOK_MS);
    }
  }
}
