import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Mtls, openMtls, silentLogger } from '../../../libs/sentinel-node/src/index.js';
import { type RealCluster, until } from './_cluster.js';
import { NAMESPACE } from './_rotation.js';

/**
 * A pod of a service with the real runtime library, and the kubelet's part played here: it brings Secret, bundle and allow-list into
 * the mounted folder as a whole, `lagMs` after they changed. The API server reaches its metrics page as that of any pod.
 */
export class PlayedPod {
  #stopped = false;
  #generation = 0;
  #loop = Promise.resolve();
  /** The kubelet is stuck: nothing is brought any more. */
  isFrozen = false;

  static async start(cluster: RealCluster, service: string, index: number, lagMs: number): Promise<PlayedPod> {
    const folder = mkdtempSync(join(cluster.folder, `pod-${service}-`));
    const pod = new PlayedPod(cluster, service, folder, lagMs);
    await until(`${service} has its files`, 30, () => pod.#bring(0));
    pod.#loop = pod.#follow();
    const path = (file: string): string => join(folder, file);
    const paths = { certPath: path('tls.crt'), keyPath: path('tls.key'), caPath: path('ca.crt'), policyPath: path('policy.json') };
    pod.#mtls = await openMtls({ ...paths, mode: 'strict', env: {}, logger: silentLogger });
    pod.#server = createServer(pod.#mtls.healthHandler());
    await new Promise<void>(resolve => pod.#server?.listen(0, '127.0.0.1', resolve));
    const address = `10.1.0.${index}`;
    cluster.route(`${address}:9090`, (pod.#server.address() as AddressInfo).port);
    await cluster.apply([pod.#object(address)]);
    return pod;
  }

  #mtls: Mtls | undefined;
  #server: Server | undefined;
  #last = '';

  private constructor(
    private readonly cluster: RealCluster,
    readonly service: string,
    private readonly folder: string,
    private readonly lagMs: number,
  ) {}

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
    await this.#mtls?.close();
    await new Promise(resolve => this.#server?.close(resolve));
    await this.cluster.delete([this.#object('')]);
    rmSync(this.folder, { recursive: true });
  }

  #object(podIP: string): object {
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `${this.service}-0`, namespace: NAMESPACE, labels: { 'sentinel-mtls.io/fleet': 'sentinel' } },
      spec: {
        nodeName: 'played',
        containers: [{ name: 'service', image: 'registry.invalid/service:1', ports: [{ name: 'metrics', containerPort: 9090 }] }],
      },
      status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }] },
    };
  }

  async #follow(): Promise<void> {
    while (!this.#stopped) {
      if (!this.isFrozen) await this.#bring(this.lagMs).catch(() => false);
      await pause(100);
    }
  }

  /** Whether everything is there. */
  async #bring(lagMs: number): Promise<boolean> {
    const api = this.cluster.api();
    const at = (plural: string, name: string): string => `/api/v1/namespaces/${NAMESPACE}/${plural}/${name}`;
    const secret = (await api.get(at('secrets', `${this.service}-tls`))) as { data: Record<string, string> };
    const bundle = (await api.get(at('configmaps', 'sentinel-ca-bundle'))) as { data: Record<string, string> };
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
