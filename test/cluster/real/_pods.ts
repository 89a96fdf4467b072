import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Mtls, openMtls, silentLogger } from '../../../libs/sentinel-node/src/index.js';
import { type RealCluster, until } from './_cluster.js';
import { NAMESPACE } from './_rotation.js';

export interface PlayedPodOptions {
  readonly fleet?: string;
  readonly namespace?: string;
  readonly lagMs?: number;
  /** Port of the policy for which it listens, and what it says of its start. */
  readonly serves?: number;
  readonly startedAt?: Date;
}

const DEFAULTS = { fleet: 'sentinel', namespace: NAMESPACE, lagMs: 0, startedAt: new Date() };

/**
 * A pod of a service with the real runtime library, and the kubelet's part played here: it brings Secret, bundle and allow-list into
 * the mounted folder as a whole, `lagMs` after they changed. The API server reaches its metrics page as that of any pod.
 */
export class PlayedPod {
  /** Where it listens, with `serves`. */
  tlsPort = 0;
  #stopped = false;
  #generation = 0;
  #loop = Promise.resolve();
  /** The kubelet is stuck: nothing is brought any more. */
  isFrozen = false;

  static async start(cluster: RealCluster, service: string, index: number, options: PlayedPodOptions = {}): Promise<PlayedPod> {
    const folder = mkdtempSync(join(cluster.folder, `pod-${service}-`));
    const pod = new PlayedPod(cluster, service, folder, { ...DEFAULTS, ...options });
    await until(`${service} has its files`, 30, () => pod.#bring(0));
    pod.#loop = pod.#follow();
    const path = (file: string): string => join(folder, file);
    const paths = { certPath: path('tls.crt'), keyPath: path('tls.key'), caPath: path('ca.crt'), policyPath: path('policy.json') };
    pod.#mtls = await openMtls({ ...paths, mode: 'strict', env: {}, logger: silentLogger });
    const { serves } = pod.options;
    if (serves !== undefined) {
      const served = await pod.#mtls.serveHttps({ port: serves, listen: 0, host: '127.0.0.1' }, (_, response) => response.end('ok'));
      pod.#closing.push(() => served.close());
      pod.tlsPort = (served.server.address() as AddressInfo).port;
    }
    pod.#server = createServer(pod.#mtls.healthHandler());
    await new Promise<void>(resolve => pod.#server?.listen(0, '127.0.0.1', resolve));
    const address = `10.1.0.${index}`;
    cluster.route(`${address}:9090`, (pod.#server.address() as AddressInfo).port);
    await cluster.apply([pod.#object(address)]);
    return pod;
  }

  #mtls: Mtls | undefined;
  #server: Server | undefined;
  readonly #closing: (() => Promise<void>)[] = [];
  #last = '';

  private constructor(
    private readonly cluster: RealCluster,
    readonly service: string,
    private readonly folder: string,
    private readonly options: PlayedPodOptions & typeof DEFAULTS,
  ) {}

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
    for (const close of this.#closing) await close();
    this.#mtls?.close();
    this.#server?.closeAllConnections();
    await new Promise(resolve => this.#server?.close(resolve));
    await this.cluster.delete([this.#object('')]);
    rmSync(this.folder, { recursive: true });
  }

  #object(podIP: string): object {
    const { fleet, namespace, startedAt } = this.options;
    const name = `${this.service}-0`;
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels: { 'sentinel-mtls.io/fleet': fleet, 'app.kubernetes.io/name': this.service } },
      spec: {
        nodeName: 'played',
        containers: [{ name: 'service', image: 'registry.invalid/service:1', ports: [{ name: 'metrics', containerPort: 9090 }] }],
      },
      status: {
        phase: 'Running',
        podIP,
        podIPs: [{ ip: podIP }],
        containerStatuses: [
          {
            name: 'service',
            image: 'registry.invalid/service:1',
            imageID: '',
            ready: true,
            restartCount: 0,
            state: { running: { startedAt: startedAt.toISOString().replace(/\.\d+Z$/, 'Z') } },
          },
        ],
      },
    };
  }

  async #follow(): Promise<void> {
    while (!this.#stopped) {
      if (!this.isFrozen) await this.#bring(this.options.lagMs).catch(() => false);
      await pause(100);
    }
  }

  /** Whether everything is there. */
  async #bring(lagMs: number): Promise<boolean> {
    const api = this.cluster.api();
    const at = (plural: string, name: string): string => `/api/v1/namespaces/${this.options.namespace}/${plural}/${name}`;
    const secret = (await api.get(at('secrets', `${this.service}-tls`))) as { data: Record<string, string> };
    const bundle = (await api.get(at('configmaps', `${this.options.fleet}-ca-bundle`))) as { data: Record<string, string> };
    const policy = (await api.get(at('configmaps', `${this.service}-mtls-policy`))) as { data: Record<string, string> };
    const files = {
      'tls.crt': Buffer.from(secret.data['tls.crt'] ?? '', 'base64').toString('utf8'),
      'tls.key': Buffer.from(secret.data['tls.key'] ?? '', 'base64').toString('utf8'),
      'ca.crt': bundle.data['ca.crt'] ?? '',
      'policy.json': policy.data['policy.json'] ?? '',
    };
    const text = JSON.stringify(files);
    if (text === this.#last) return true;
    await pause(lagMs);
    if (this.isFrozen) return false;
    this.#swap(files);
    this.#last = text;
    return true;
  }

  /** As the kubelet's AtomicWriter: a new folder, and one rename. */
  #swap(files: Readonly<Record<string, string>>): void {
    const generation = `..${++this.#generation}`;
    mkdirSync(join(this.folder, generation), { mode: 0o700 });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.folder, generation, name), text, { mode: 0o600 });
    symlinkSync(generation, join(this.folder, '..data_tmp'));
    renameSync(join(this.folder, '..data_tmp'), join(this.folder, '..data'));
    if (this.#generation > 1) return;
    for (const name of Object.keys(files)) symlinkSync(join('..data', name), join(this.folder, name));
  }
}
