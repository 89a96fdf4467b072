import { join } from 'node:path';
import { type Check, type Claim, type Context, holds, same } from '../claim.js';
import { importServiceImages } from '../environment.js';
import { attempt, type Outcome } from '../node/processes.js';
import { build } from '../node/programs.js';
import { KUBECONFIG, ROOT } from '../node/settings.js';
import { callFrom } from './_calls.js';
import { hostOf, NAMESPACE, spiffeIdOf } from './_sentinel.js';

const CHART = join(ROOT, 'charts', 'sentinel-core');

/** The steps from plain to strict of the chart's README, in its order. `tls`: a declared call is made with certificates. */
const STEPS: readonly { readonly name: string; readonly values: readonly string[]; readonly tls: boolean }[] = [
  { name: 'without mutual TLS', values: ['global.mtls.enabled=false'], tls: false },
  { name: 'mode disabled', values: ['global.mtls.mode=disabled'], tls: false },
  { name: 'mode permissive', values: ['global.mtls.mode=permissive'], tls: true },
  { name: 'mode audit', values: ['global.mtls.mode=audit'], tls: true },
  { name: 'mode strict', values: ['global.mtls.mode=strict'], tls: true },
];

/** The road of `helm install`, with both majors: install, upgrade through all modes, roll back, uninstall. */
export const helm: Claim = {
  name: 'helm',
  says: 'the chart installs, upgrades through all modes, rolls back and uninstalls, with Helm 3 and Helm 4',
  fault: 'an object of the chart is there already and belongs to nobody',
  faultShows: /install .*invalid ownership metadata/s,
  async check(context, plant) {
    const checks: Check[] = [];
    for (const major of ['helm3', 'helm4']) {
      const [program = ''] = build(major);
      checks.push(...(await tryHelm(context, program, major, plant)));
    }
    return checks;
  },
};

async function tryHelm(context: Context, program: string, major: string, plant: boolean): Promise<Check[]> {
  const { kubectl } = context;
  const run = (...words: readonly string[]): Outcome =>
    attempt([program, `--kubeconfig=${KUBECONFIG}`, '-n', NAMESPACE, ...words], { timeoutMs: 330_000 });
  const checks: Check[] = [];
  const succeeds = (what: string, { ok, stderr }: Outcome): void => {
    checks.push(holds(`${major} ${what}`, ok, stderr.trim().slice(-1500)));
  };
  importServiceImages(IMAGES);
  try {
    if (plant) {
      kubectl.makeNamespace(NAMESPACE);
      kubectl.apply([{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'control-api', namespace: NAMESPACE } }]);
    }
    for (const [at, { name, values, tls }] of STEPS.entries()) {
      const verb = at === 0 ? ['install', '--create-namespace'] : ['upgrade'];
      const set = values.flatMap(value => ['--set', value]);
      succeeds(`${verb[0]} ${name}`, run(...verb, 'sentinel', CHART, ...set, '--wait', '--timeout', '5m'));
      if (checks.some(({ ok }) => !ok)) return checks;
      checks.push(await declaredCall(context, `${major} ${name}: pipeline-controller calls control-api`, tls));
    }
    succeeds('rolls back to mode permissive', run('rollback', 'sentinel', '3', '--wait', '--timeout', '5m'));
    checks.push(await declaredCall(context, `${major} rolled back: pipeline-controller calls control-api`, true));
    succeeds('uninstall', run('uninstall', 'sentinel', '--wait', '--timeout', '5m'));
    const left = kubectl
      .list(LEFT_BY_NONE, '-A', '-l', 'sentinel-mtls.io/fleet=sentinel')
      .map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    checks.push(same(`${major} leaves no object of the fleet`, left, []));
    return checks;
  } finally {
    run('uninstall', 'sentinel', '--ignore-not-found');
    kubectl.delete(['namespace', NAMESPACE]);
    kubectl.delete(['secret', 'sentinel-ca-secret', '-n', 'cert-manager']);
  }
}

const LEFT_BY_NONE = 'clusterissuers,certificates,bundles,networkpolicies,serviceaccounts,services,deployments,daemonsets';
const IMAGES = ['control-api', 'infra-adapter', 'node-agent', 'pipeline-controller'].map(name => `ghcr.io/sentinel/${name}:0.4.0`);

/** From the newest pod that is ready; after an upgrade the former one is on its way out. */
async function declaredCall(context: Context, what: string, tls: boolean): Promise<Check> {
  const pods = context.kubectl
    .list('pods', '-n', NAMESPACE, '-l', 'app=pipeline-controller')
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .sort((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? 1 : -1));
  const pod = pods[0]?.metadata.name ?? '';
  const { outcome, detail } = await callFrom(context, NAMESPACE, pod, [
    hostOf('control-api'),
    '8000',
    ...(tls ? ['--server-id', spiffeIdOf('control-api')] : ['--plain']),
  ]);
  return holds(what, outcome === 'answered', `${outcome} (${detail})`);
}
