import { join } from 'node:path';
import { type Check, type Claim, type Context, holds, same } from '../claim.js';
import { InstalledEnvironment } from '../environment.js';
import { complaintsOf } from '../kubectl.js';
import { ROOT } from '../node/settings.js';
import { NAMESPACE } from './_sentinel.js';

/** What an environment can consist of, to look for what a removal has left. */
const KINDS =
  'clusterissuers,issuers,certificates,bundles,networkpolicies,configmaps,serviceaccounts,services,deployments,daemonsets,prometheusrules';

/** The road of `kubectl apply -k`: it installs, a second time changes nothing, and `delete -k` takes all of it away. */
export const apply: Claim = {
  name: 'apply',
  says: 'kubectl apply -k installs dev, its pods get ready, a second apply changes nothing, delete -k leaves nothing',
  fault: 'a NetworkPolicy is edited by hand in the cluster',
  faultShows: /kubectl diff -k finds no difference: .*planted/s,
  async check(context, plant) {
    const { kubectl } = context;
    const environment = new InstalledEnvironment(context, join(ROOT, 'dist', 'dev'), NAMESPACE);
    try {
      environment.install({ pods: true });
      if (plant) editByHand(context);
      const checks = [...podsRun(context), noDifference(context, environment.folder), secondApply(context, environment.folder)];
      environment.delete();
      const left = kubectl
        .list(KINDS, '-A', '-l', 'sentinel-mtls.io/fleet=sentinel')
        .map(({ kind, metadata }) => `${kind}/${metadata.name}`);
      return [...checks, same('kubectl delete -k leaves no object of the fleet', left, [])];
    } finally {
      environment.remove();
    }
  },
};

/** `rollout status` has waited for them; they must not have got there by restarts. */
function podsRun({ kubectl }: Context): Check[] {
  return kubectl.list('pods', '-n', NAMESPACE).map(({ metadata, status }) => {
    const restarts = status.containerStatuses.map((each: { restartCount: number }) => each.restartCount);
    const state = { phase: status.phase, restarts };
    return same(`pod of ${metadata.labels?.app ?? metadata.name} runs under the restricted level`, state, {
      phase: 'Running',
      restarts: [0],
    });
  });
}

function noDifference({ kubectl }: Context, folder: string): Check {
  const { ok, stdout, stderr } = kubectl.try(['diff', '-k', folder], { timeoutMs: 120_000 });
  return holds('kubectl diff -k finds no difference', ok && stdout === '', `${stdout}${stderr}`.slice(0, 1500));
}

function secondApply({ kubectl }: Context, folder: string): Check {
  const outcome = kubectl.try(['apply', '-k', folder], { timeoutMs: 120_000 });
  const changed = outcome.stdout.split('\n').filter(line => line !== '' && !line.endsWith(' unchanged'));
  const found = [...changed, ...complaintsOf(outcome)];
  return holds('a second kubectl apply -k changes nothing', outcome.ok && found.length === 0, found.join('; '));
}

function editByHand({ kubectl }: Context): void {
  const labels = JSON.stringify({ metadata: { labels: { 'app.kubernetes.io/managed-by': 'planted' } } });
  kubectl.run(['patch', 'networkpolicy', 'control-api-mtls-only', '-n', NAMESPACE, '--type=merge', '-p', labels]);
}
