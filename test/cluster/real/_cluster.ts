import { execFileSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { Api } from '../../../lib/cluster/read/index.js';
import { DOCTOR_RESOURCES, listPath } from '../../../lib/cluster/snapshot/index.js';
import { certificatePem, publicKeyOf, signCertificate, signerOf } from '../../../lib/pki/x509.js';
import { FAST_KEY, generatePrivateKey } from '../../../lib/pki/x509-keys.js';
import { x509Usages } from '../../../lib/pki/x509-usages.js';
import { tool } from '../../_tools.js';
import { ROOT } from '../../cli/_cli.js';
import { PodNetwork } from './_pod-network.js';
import { Daemon, freePort } from './_processes.js';

/** Tokens of the users that the API server of a test knows. */
const USERS = { admin: 'admin-token', nobody: 'nobody-token', reader: 'reader-token' } as const;
export type User = keyof typeof USERS;

export interface Tools {
  readonly etcd: string;
  readonly apiServer: string;
  readonly controller: string;
}

/** Undefined when some are missing: says which, and how to get them; in CI that is an error. */
export function clusterTools(): Tools | undefined {
  const [etcd, apiServer, controller] = [tool('etcd'), tool('kubernetes'), tool('cert-manager')];
  return etcd && apiServer && controller ? { etcd, apiServer, controller } : undefined;
}

/** etcd and kube-apiserver on loopback, nothing else: no node, no controllers, so objects stay as the test makes them. */
export class RealCluster {
  readonly #daemons: Daemon[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), 'sentinel-mtls-cluster-'));
  #trustManager: Daemon | undefined;
  #port = 0;
  #pods: PodNetwork | undefined;
  #server: { readonly daemon: Daemon; readonly command: readonly string[] } | undefined;
  #ca = '';

  static async start(tools: Tools): Promise<RealCluster> {
    const cluster = new RealCluster(tools);
    try {
      cluster.#pods = await PodNetwork.start(cluster.folder);
      await cluster.#start();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  private constructor(private readonly tools: Tools) {}

  api(user: User = 'admin'): Api {
    return new Api(
      {
        context: 'test',
        server: new URL(`https://127.0.0.1:${this.#port}`),
        namespace: 'default',
        credentials: async () => ({ ca: this.#ca, headers: { authorization: `Bearer ${USERS[user]}` } }),
      },
      { requestTimeoutMs: 20_000 },
    );
  }

  get port(): number {
    return this.#port;
  }

  /** Ends the API server; etcd keeps everything. */
  async stopServer(): Promise<void> {
    await this.#server?.daemon.stop();
  }

  /** Starts it again at the same address. */
  async startServer(): Promise<void> {
    if (this.#server !== undefined) await this.#startServer(this.#server.command);
  }

  /** Path of a kubeconfig of a user. */
  kubeconfig(user: User = 'admin'): string {
    const file = join(this.folder, `${user}.kubeconfig`);
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name: 'test', cluster: { server: `https://127.0.0.1:${this.#port}`, 'certificate-authority': join(this.folder, 'ca.crt') } },
      ],
      users: [{ name: user, user: { token: USERS[user] } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user } }],
      'current-context': 'test',
    };
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    return file;
  }

  /** Gives a port of loopback the address of a pod, for the proxy of the API server. */
  route(address: string, port: number): void {
    this.#pods?.route(address, port);
  }

  /** Server-side apply, then again for `status` where an object has one, since no controller writes it. */
  async apply(objects: readonly object[]): Promise<void> {
    const api = this.api();
    const query = `fieldManager=cert-manager-test&force=true`;
    for (const object of objects) {
      const path = pathOf(object);
      const patch = { method: 'PATCH', contentType: 'application/apply-patch+yaml', body: object } as const;
      await api.ask({ ...patch, path: `${path}?${query}` });
      if ('status' in object) await api.ask({ ...patch, path: `${path}/status?${query}` });
    }
  }

  async delete(objects: readonly object[]): Promise<void> {
    const words = ['delete', '--ignore-not-found', '--grace-period=0', '--force', '--wait=false', '-f', '-'];
    if (objects.length > 0) this.kubectl(words, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  }

  kubectl(words: readonly string[], input = ''): string {
    const program = join(dirname(this.tools.apiServer), 'kubectl');
    const options = { input, encoding: 'utf8', timeout: 60_000, env: { ...process.env, HOME: this.folder } } as const;
    return execFileSync(program, [`--kubeconfig=${this.kubeconfig()}`, ...words], { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
  }

  /** CRDs of cert-manager, trust-manager and approver-policy, of the versions that the schemas are from. */
  async installDefinitions(): Promise<void> {
    const definitions = ['cert-manager', 'trust-manager', 'approver-policy'].flatMap(definitionsOf);
    await this.apply(definitions);
    await until('the API serves Certificates and Bundles', 30, async () => {
      await this.api().get('/apis/trust.cert-manager.io/v1alpha1/bundles');
      await this.api().get('/apis/cert-manager.io/v1/certificates');
      return true;
    });
  }

  /** cert-manager's controller as a process; Secrets of ClusterIssuers are in `cert-manager`. */
  async startController(): Promise<void> {
    const [metrics, health] = [await freePort(), await freePort()];
    const daemon = this.#daemon('controller', [
      this.tools.controller,
      `--kubeconfig=${this.kubeconfig()}`,
      '--cluster-resource-namespace=cert-manager',
      `--metrics-listen-address=127.0.0.1:${metrics}`,
      `--healthz-listen-address=127.0.0.1:${health}`,
    ]);
    await daemon.untilReady(60, async () => (await fetch(`http://127.0.0.1:${health}/livez`)).ok);
  }

  /** trust-manager as a process, with `cert-manager` as the namespace of its sources. */
  async startTrustManager(program: string): Promise<void> {
    const [metrics, ready, webhook] = [await freePort(), await freePort(), await freePort()];
    const folder = join(this.folder, 'trust-manager');
    mkdirSync(folder, { mode: 0o700 });
    // of a webhook that nobody calls here
    copyFileSync(join(this.folder, 'apiserver.crt'), join(folder, 'tls.crt'));
    copyFileSync(join(this.folder, 'apiserver.key'), join(folder, 'tls.key'));
    const daemon = this.#daemon('trust-manager', [
      program,
      `--kubeconfig=${this.kubeconfig()}`,
      '--trust-namespace=cert-manager',
      '--leader-elect=false',
      `--webhook-certificate-dir=${folder}`,
      '--webhook-host=127.0.0.1',
      `--webhook-port=${webhook}`,
      `--metrics-port=${metrics}`,
      `--readiness-probe-port=${ready}`,
    ]);
    this.#trustManager = daemon;
    await daemon.untilReady(60, async () => (await fetch(`http://127.0.0.1:${ready}/readyz`)).ok);
  }

  /** Until it is started anew. */
  async stopTrustManager(): Promise<void> {
    await this.#trustManager?.stop();
    rmSync(join(this.folder, 'trust-manager'), { recursive: true });
  }

  async stop(): Promise<void> {
    for (const daemon of this.#daemons.reverse()) await daemon.stop();
    await this.#pods?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #daemon(name: string, command: readonly string[]): Daemon {
    const daemon = new Daemon(name, command, join(this.folder, `${name}.log`));
    this.#daemons.push(daemon);
    return daemon;
  }

  async #start(): Promise<void> {
    const [client, peer, port] = [await freePort(), await freePort(), await freePort()];
    const at = (file: string): string => join(this.folder, file);
    await this.#makeFiles();
    const etcd = this.#daemon('etcd', [
      this.tools.etcd,
      `--data-dir=${at('etcd')}`,
      `--listen-client-urls=http://127.0.0.1:${client}`,
      `--advertise-client-urls=http://127.0.0.1:${client}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-cluster=default=http://127.0.0.1:${peer}`,
      '--log-level=warn',
      '--unsafe-no-fsync',
    ]);
    await etcd.untilReady(30, async () => (await fetch(`http://127.0.0.1:${client}/health`)).ok);
    this.#port = port;
    await this.#startServer([
      this.tools.apiServer,
      '--advertise-address=127.0.0.1',
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      `--etcd-servers=http://127.0.0.1:${client}`,
      '--authorization-mode=RBAC',
      '--endpoint-reconciler-type=none',
      // there is no controller that would make the default ServiceAccounts which pods want
      '--disable-admission-plugins=ServiceAccount',
      `--token-auth-file=${at('tokens.csv')}`,
      `--tls-cert-file=${at('apiserver.crt')}`,
      `--tls-private-key-file=${at('apiserver.key')}`,
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-key-file=${at('service-account.pub')}`,
      `--service-account-signing-key-file=${at('service-account.key')}`,
      '--service-cluster-ip-range=10.96.0.0/16',
      '--shutdown-delay-duration=0s',
      ...(this.#pods === undefined ? [] : [`--egress-selector-config-file=${this.#pods.configuration()}`]),
    ]);
  }

  async #startServer(command: readonly string[]): Promise<void> {
    const server = this.#daemon('kube-apiserver', command);
    this.#server = { daemon: server, command };
    const impatient = new Api(this.api().connection, { requestTimeoutMs: 2_000, tries: 1 });
    await server.untilReady(60, async () => {
      await impatient.get('/api/v1/namespaces/kube-system');
      return true;
    });
  }

  async #makeFiles(): Promise<void> {
    const at = (file: string): string => join(this.folder, file);
    mkdirSync(at('etcd'), { mode: 0o700 });
    writeFileSync(
      at('tokens.csv'),
      [`${USERS.admin},admin,1,"system:masters"`, `${USERS.nobody},nobody,2`, `${USERS.reader},reader,3`].join('\n'),
      { mode: 0o600 },
    );
    const [caKey, key] = [await generatePrivateKey(FAST_KEY), await generatePrivateKey(FAST_KEY)];
    const names = { uris: [], emailAddresses: [], notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 86_400_000) };
    const ca = await signCertificate(
      { ...names, subject: 'CN=test cluster', dnsNames: [], ipAddresses: [], isCa: true, ...x509Usages(['cert sign'], true) },
      publicKeyOf(caKey),
      await signerOf(caKey, FAST_KEY),
    );
    const serving = await signCertificate(
      {
        ...names,
        subject: 'CN=kube-apiserver',
        dnsNames: ['localhost'],
        ipAddresses: ['127.0.0.1'],
        isCa: false,
        ...x509Usages(['digital signature', 'server auth'], false),
      },
      publicKeyOf(key),
      await signerOf(caKey, FAST_KEY, ca),
    );
    this.#ca = certificatePem(ca);
    writeFileSync(at('ca.crt'), this.#ca);
    writeFileSync(at('apiserver.crt'), certificatePem(serving));
    writeFileSync(at('apiserver.key'), key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const signing = await generatePrivateKey({ algorithm: 'RSA', size: 2048 });
    writeFileSync(at('service-account.key'), signing.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    writeFileSync(at('service-account.pub'), createPublicKey(signing).export({ type: 'spki', format: 'pem' }));
  }
}

/** Path of one object, by its kind. */
export function pathOf(object: object): string {
  const { apiVersion, kind, metadata } = object as { apiVersion: string; kind: string; metadata: { name: string; namespace?: string } };
  const resource = DOCTOR_RESOURCES.find(
    known => known.kind === kind && apiVersion === (known.group === '' ? known.version : `${known.group}/${known.version}`),
  );
  if (resource === undefined) throw new Error(`no path is known for ${apiVersion} ${kind}`);
  return `${listPath(resource, metadata.namespace)}/${encodeURIComponent(metadata.name)}`;
}

/** Polls until it is true; errors count as not yet. */
export async function until(what: string, seconds: number, test: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  let last: unknown;
  for (;;) {
    try {
      if (await test()) return;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`${what}: not so after ${seconds} s`, { cause: last });
    await pause(100);
  }
}

/** The CRDs in a Go module; the tools were built from the same one, so that it lies in Go's cache. */
function definitionsOf(name: string): object[] {
  const versions = JSON.parse(readFileSync(join(ROOT, 'schemas', 'versions.json'), 'utf8')) as Record<
    string,
    { module: string; version: string }
  >;
  const { module, version } = versions[name] ?? { module: '', version: '' };
  const found = execFileSync('go', ['mod', 'download', '-json', `${module}@${version}`], { cwd: tmpdir(), encoding: 'utf8' });
  const folder = join((JSON.parse(found) as { Dir: string }).Dir, 'deploy', 'crds');
  return readdirSync(folder)
    .filter(file => file.endsWith('.yaml') && !file.includes('clusterbundles'))
    .flatMap(file => parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map(document => document.toJS() as object));
}
