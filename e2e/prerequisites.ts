import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from './claim.js';
import { prerequisiteImages } from './images/catalogue.js';
import { importImage } from './node/containers.js';
import { run, until } from './node/processes.js';
import { CACHE, KUBECONFIG, ROOT } from './node/settings.js';
import { publicRoot } from './public-servers.js';

interface Pinned {
  readonly module: string;
  readonly version: string;
}

/** The versions that the project's schemas and manifests are written for; what is installed here must be the same. */
const versions = JSON.parse(readFileSync(join(ROOT, 'schemas', 'versions.json'), 'utf8')) as Readonly<Record<string, Pinned>>;

const CHARTS = ['cert-manager', 'trust-manager', 'approver-policy'] as const;
type Chart = (typeof CHARTS)[number];

/** cert-manager and its companions as pods, from their own charts with the values that we ship; and the operator's CRDs for alerts. */
export async function installPrerequisites(context: Context, environment: string): Promise<void> {
  prerequisiteImages().forEach(importImage);
  const definitions = join(moduleFolder('prometheus-operator'), 'example', 'prometheus-operator-crd');
  context.kubectl.run(['apply', '--server-side', '-f', definitions], { timeoutMs: 120_000 });
  context.kubectl.makeNamespace('cert-manager');
  context.kubectl.apply([
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'e2e-public-roots', namespace: 'cert-manager' },
      data: { 'ca-certificates.crt': publicRoot() },
    },
  ]);
  for (const chart of CHARTS) install(context, chart, valuesOf(environment, chart));
  await webhooksAnswer(context);
}

/** Installs again what has other values in the environment that follows. */
export function changeEnvironment(context: Context, from: string, to: string): void {
  const settings = (environment: string, chart: Chart): string =>
    readFileSync(valuesOf(environment, chart), 'utf8').replace(/^\s*#.*\n/gm, '');
  for (const chart of CHARTS) if (settings(from, chart) !== settings(to, chart)) install(context, chart, valuesOf(to, chart));
}

/** Name of a chart in cert-manager's repository, and of the release. */
const releaseOf = (chart: Chart): string => (chart === 'approver-policy' ? 'cert-manager-approver-policy' : chart);

/** `helm upgrade --install` as the first lines of the values file say; the release of approver-policy's chart sets the image's tag. */
function install(context: Context, chart: Chart, values: string): void {
  const own =
    chart === 'cert-manager' ? CERT_MANAGER_SETTINGS : chart === 'approver-policy' ? ['--set', `image.tag=${pinned(chart).version}`] : [];
  run(
    [
      ...[context.helm, `--kubeconfig=${KUBECONFIG}`, 'upgrade', '--install', releaseOf(chart), packageOf(context, chart)],
      ...['--namespace', 'cert-manager', '--create-namespace', '--wait', '--timeout', '120s', '-f', values, ...own],
    ],
    { timeoutMs: 150_000 },
  );
}

/** The image here has no system store of roots: this is the one. The check of the installation itself is an image more. */
const CERT_MANAGER_SETTINGS = [
  ...['--set-json', `volumes=${JSON.stringify([{ name: 'public-roots', configMap: { name: 'e2e-public-roots' } }])}`],
  ...['--set-json', `volumeMounts=${JSON.stringify([{ name: 'public-roots', mountPath: '/etc/ssl/certs', readOnly: true }])}`],
  ...['--set', 'startupapicheck.enabled=false'],
];

/** The values that an environment is shipped with; prod alone has those of approver-policy. */
function valuesOf(environment: string, chart: Chart): string {
  const file = (name: string): string => join(ROOT, 'dist', name, 'prerequisites', `${chart}.values.yaml`);
  return existsSync(file(environment)) ? file(environment) : file('prod');
}

function packageOf({ helm }: Context, chart: Chart): string {
  const { version } = pinned(chart);
  const folder = join(CACHE, 'charts');
  const source = join(moduleFolder(chart), 'deploy', 'charts', chart);
  const file = join(folder, `${releaseOf(chart)}-${version}.tgz`);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    run([helm, 'package', source, '--version', version, '--app-version', version, '-d', folder]);
  }
  return file;
}

/** Folder of a module's own files, downloaded and checked by Go. */
export function moduleFolder(name: string): string {
  const { module, version } = pinned(name);
  const text = execFileSync('go', ['mod', 'download', '-json', `${module}@${version}`], { cwd: tmpdir(), encoding: 'utf8' });
  return (JSON.parse(text) as { Dir: string }).Dir;
}

function pinned(name: string): Pinned {
  const found = versions[name];
  if (found === undefined) throw new Error(`schemas/versions.json has no "${name}"`);
  return found;
}

/** Admission works when a request that is right passes and one that is wrong is refused by cert-manager's webhook itself. */
async function webhooksAnswer({ kubectl }: Context): Promise<void> {
  const probe = (duration: string): string =>
    JSON.stringify({
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: 'probe', namespace: 'default' },
      spec: { secretName: 'probe', dnsNames: ['probe.example'], duration, issuerRef: { name: 'probe' } },
    });
  const dryRun = ['create', '--dry-run=server', '-f', '-'];
  await until('the webhook of cert-manager answers', 60, () => kubectl.try(dryRun, { input: probe('24h') }).ok);
  const refused = kubectl.try(dryRun, { input: probe('1m') });
  if (refused.ok || !refused.stderr.includes('webhook.cert-manager.io'))
    throw new Error(`the webhook of cert-manager refuses nothing: ${refused.stderr}`);
}
