import { listAt, numberAt, textAt, textsAt } from '../../_values.js';
import { argument, condition, type Living } from '../../state/index.js';
import { byRule } from '../_by-rule.js';
import { at } from '../_seen.js';
import { type Check, NEEDS } from '../check.js';

const DEFINITIONS = [
  ...['certificates', 'certificaterequests', 'issuers', 'clusterissuers'].map(plural => `${plural}.cert-manager.io`),
  ...['orders', 'challenges'].map(plural => `${plural}.acme.cert-manager.io`),
];

/** Fields of Certificate.spec, and the minor version of cert-manager that brought each. */
const NEW_FIELDS: Readonly<Record<string, number>> = { renewBeforePercentage: 16, signatureAlgorithm: 18, renewal: 21 };

const section = 'installation' as const;

/** cert-manager itself: its resources, versions and processes. */
export const INSTALLATION: readonly Check[] = [
  {
    code: 'SMT-D001',
    name: 'definitions-missing',
    section,
    level: 'error',
    title: 'the resources of cert-manager are defined',
    why: 'nothing can be asked for, and a partial installation fails at the first Order or request.',
    next: 'install cert-manager with its CRDs: --set crds.enabled=true',
    needs: [NEEDS.definitions],
    preflight: true,
    *find({ objects }) {
      const definitions = objects.ofKind('CustomResourceDefinition');
      for (const name of DEFINITIONS) {
        const definition = definitions.find(({ metadata }) => metadata.name === name);
        if (definition === undefined) yield { object: `CustomResourceDefinition ${name}`, evidence: 'it is not there' };
        else if (condition(definition, 'Established')?.status !== 'True') yield at(definition, 'it is not established');
      }
    },
  },
  {
    code: 'SMT-D002',
    name: 'definitions-older',
    section,
    level: 'error',
    title: 'the definitions are as new as the controller',
    why: 'the API server drops fields that it does not know, and the controller never sees them.',
    next: 'apply the CRDs of the controller’s version: helm upgrade does not do it when they were installed apart',
    needs: [NEEDS.definitions, NEEDS.deployments],
    *find(living) {
      const definition = living.objects.get('CustomResourceDefinition', undefined, 'certificates.cert-manager.io');
      const minor = newestMinor(living);
      if (definition === undefined || minor === undefined) return;
      const version = listAt(definition, 'spec', 'versions').find(entry => textAt(entry, 'name') === 'v1');
      const fields = textsAt(version, 'fields');
      const missing = Object.entries(NEW_FIELDS).filter(([field, since]) => since <= minor && !fields.includes(field));
      if (fields.length > 0 && missing.length > 0)
        yield at(definition, `it lacks ${missing.map(([field]) => `spec.${field}`).join(', ')}, which cert-manager 1.${minor} knows`);
    },
  },
  {
    code: 'SMT-D009',
    name: 'leader-election-in-kube-system',
    section,
    level: 'error',
    title: 'the controller may hold its lease',
    why: 'GKE Autopilot refuses leases in kube-system ("managed and access is denied"): the controller never begins to work.',
    next: 'helm upgrade cert-manager … --set global.leaderElection.namespace=cert-manager',
    needs: [NEEDS.deployments],
    *find(living) {
      if (!/-gke\./.test(living.snapshot.header.kubernetes)) return;
      for (const installed of living.installed)
        if (
          ['controller', 'cainjector'].includes(installed.component) &&
          argument(installed, 'leader-election-namespace') === 'kube-system' &&
          installed.ready < installed.wanted
        )
          yield at(installed.object, 'its lease is in kube-system, and it is not ready');
    },
  },
  {
    code: 'SMT-D010',
    name: 'two-installations',
    section,
    level: 'error',
    title: 'there is one cert-manager',
    why: 'two controllers write the same Secrets in turn, and two cainjectors the same webhooks.',
    next: 'helm list -A | grep cert-manager, then uninstall one, keeping the CRDs',
    needs: [NEEDS.deployments],
    preflight: true,
    *find(living) {
      const controllers = living.ofComponent('controller');
      if (controllers.length > 1) for (const { object } of controllers) yield at(object, `one of ${controllers.length} controllers`);
    },
  },
  {
    code: 'SMT-D011',
    name: 'not-running',
    section,
    level: 'error',
    title: 'cert-manager and its companions are running',
    why: 'nothing is issued or renewed; certificates end one after the other.',
    next: 'kubectl get pods -n cert-manager; on OOMKilled raise the memory limit',
    needs: [NEEDS.deployments, NEEDS.pods],
    *find(living) {
      if (living.certificates.length > 0 && living.ofComponent('controller').length === 0)
        yield { object: '', evidence: 'there are Certificates, and no Deployment of cert-manager’s controller', level: 'warning' };
      for (const { object, ready, wanted, namespace } of living.installed) {
        if (ready < wanted) yield at(object, `${ready} of ${wanted} pods are ready`);
        if (wanted === 0) yield at(object, 'it is scaled to nothing');
        const name = object.metadata.name;
        for (const pod of living.objects.ofKind('Pod', '')) {
          if (pod.metadata.namespace !== namespace || !pod.metadata.name.startsWith(`${name}-`)) continue;
          for (const status of listAt(pod, 'status', 'containerStatuses')) {
            const reason = textAt(status, 'lastState', 'terminated', 'reason');
            if (reason === 'OOMKilled')
              yield { ...at(pod, `it ran out of memory, ${numberAt(status, 'restartCount') ?? 0} restarts`), level: 'warning' };
          }
        }
      }
    },
  },
  byRule(
    {
      code: 'SMT-D012',
      name: 'known-bad-version',
      section,
      level: 'error',
      title: 'the version of cert-manager has no known grave fault',
      why: '1.19.0 issues anew without need, 1.21.0 crashes on renewal policies, older ones have GHSA-8rvj-mm4h-c258.',
      next: 'upgrade to the newest patch of 1.21 or 1.20',
      needs: [NEEDS.deployments],
      preflight: true,
    },
    'SMT-M032',
  ),
  byRule(
    {
      code: 'SMT-D014',
      name: 'vault-blocked-by-policy',
      section,
      level: 'error',
      title: 'network policies let cert-manager reach its Vault',
      why: 'the issuer is ready by a stale check, and every request times out.',
      next: 'allow egress from cert-manager to the port of Vault',
      needs: [NEEDS.policies, NEEDS.issuers, NEEDS.clusterIssuers, NEEDS.deployments],
    },
    'SMT-M039',
  ),
  {
    code: 'SMT-D071',
    name: 'stuck-deletion',
    section,
    level: 'warning',
    title: 'nothing of cert-manager is stuck while it is deleted',
    why: 'a finalizer that nobody clears keeps the object, and with it its namespace.',
    next: 'look for the controller that owns the finalizer; only when it is gone for good: kubectl patch … finalizers=null',
    needs: [NEEDS.namespaces],
    *find({ objects, now }) {
      for (const kind of ['Certificate', 'CertificateRequest', 'Order', 'Challenge', 'Issuer', 'ClusterIssuer', 'Namespace'])
        for (const object of objects.ofKind(kind)) {
          const since = Date.parse(textAt(object, 'metadata', 'deletionTimestamp'));
          // 10 minutes: what is deleted in order goes in seconds
          if (since + 600_000 < now) {
            const finalizers = textsAt(object, kind === 'Namespace' ? 'spec' : 'metadata', 'finalizers');
            yield at(
              object,
              `it is being deleted since ${new Date(since).toISOString()}${finalizers.length > 0 ? `, held by ${finalizers.join(', ')}` : ''}`,
            );
          }
        }
    },
  },
];

function newestMinor(living: Living): number | undefined {
  const minors = living.ofComponent('controller').flatMap(({ version }) => (/^v?1\.(\d+)/.exec(version) ?? [])[1] ?? []);
  return minors.length === 0 ? undefined : Math.max(...minors.map(Number));
}
