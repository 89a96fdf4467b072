import { apiGroup, type KubernetesObject, type ObjectSet, objectName, valueAt } from '../../objects/index.js';
import { combined } from './effect.js';
import { bundleFact, issuerFact } from './facts-authorities.js';
import { callFacts, portFacts } from './facts-calls.js';
import { certificateFacts, certificatePaths } from './facts-certificates.js';
import { monitorFact, ruleFacts } from './facts-monitoring.js';
import { networkFacts, networkPaths } from './facts-network.js';
import { permissionFact, requestPolicyFact } from './facts-permissions.js';
import { hidePrivate, serviceFact, workloadFact } from './facts-workloads.js';
import { leaves, type Meaning, without } from './leaves.js';
import { Names } from './names.js';
import { policiesOf } from './policies.js';
import { canonical } from './shown.js';
import { type Fact, type Field, FORM } from './types.js';

/** What a kind says in the words of the fleet, and the rest of it, which is told by its fields. */
interface Reading {
  readonly facts: readonly Fact[];
  readonly rest: Readonly<Record<string, unknown>>;
  /** A kind that this program knows: labels and annotations of it protect nothing. */
  readonly known: boolean;
}

/** Everything that an environment's objects say; no field of any object is left out. */
export function factsOf(objects: ObjectSet): readonly Fact[] {
  const policies = policiesOf(objects);
  const names = new Names(policies, objects);
  const lists = new Set(policies.map(({ object }) => object));
  const facts = [
    ...callFacts(policies, names, sourceName),
    ...policies.flatMap(policy => portFacts(policy, sourceName)),
    ...networkFacts(objects, names, sourceName),
  ];
  for (const object of objects) {
    const reading = lists.has(object) ? policyReading(object) : readingOf(object);
    facts.push(...reading.facts, restFact(object, reading));
  }
  return facts;
}

/** `cert-manager.io Certificate shop/orders-tls`: unique even where two groups have a kind of one name. */
function sourceName(object: KubernetesObject): string {
  const group = apiGroup(object);
  return `${group === '' ? '' : `${group} `}${objectName(object)}`;
}

function readingOf(object: KubernetesObject): Reading {
  const source = sourceName(object);
  const spec = without(object, ['spec']);
  switch (`${apiGroup(object)} ${object.kind}`) {
    case 'cert-manager.io Certificate':
      return { facts: certificateFacts(object, source), rest: without(object, ...certificatePaths), known: true };
    case 'cert-manager.io Issuer':
    case 'cert-manager.io ClusterIssuer':
      return { facts: [issuerFact(object, source)], rest: spec, known: true };
    case 'trust.cert-manager.io Bundle':
    case 'trust-manager.io ClusterBundle':
      return { facts: [bundleFact(object, source)], rest: spec, known: true };
    case 'policy.cert-manager.io CertificateRequestPolicy':
      return { facts: [requestPolicyFact(object, source)], rest: spec, known: true };
    case 'networking.k8s.io NetworkPolicy':
      return { facts: [], rest: without(object, ...networkPaths(object)), known: true };
    case 'rbac.authorization.k8s.io Role':
    case 'rbac.authorization.k8s.io ClusterRole':
    case 'rbac.authorization.k8s.io RoleBinding':
    case 'rbac.authorization.k8s.io ClusterRoleBinding':
      return {
        facts: [permissionFact(object, source)],
        rest: without(object, ['rules'], ['subjects'], ['roleRef'], ['aggregationRule']),
        known: true,
      };
    case 'apps Deployment':
    case 'apps StatefulSet':
    case 'apps DaemonSet':
    case 'batch Job':
    case 'batch CronJob':
      return { facts: [workloadFact(object, source)], rest: spec, known: true };
    case ' Service':
    case ' ServiceAccount': {
      const { apiVersion, kind, metadata, status } = object;
      return {
        facts: [serviceFact(object, source)],
        rest: { apiVersion, kind, metadata, ...(status === undefined ? {} : { status }) },
        known: true,
      };
    }
    case 'monitoring.coreos.com PrometheusRule':
      return { facts: ruleFacts(object, source), rest: without(object, ['spec', 'groups']), known: true };
    case 'monitoring.coreos.com ServiceMonitor':
    case 'monitoring.coreos.com PodMonitor':
      return { facts: [monitorFact(object, source)], rest: spec, known: true };
    default:
      return isDashboard(object)
        ? { facts: [monitorFact(object, source)], rest: without(object, ['data']), known: true }
        : { facts: [], rest: object, known: false };
  }
}

/** A ConfigMap that Grafana reads; one that adds roots is none, whatever other label it has. */
function isDashboard({ kind, apiVersion, metadata }: KubernetesObject): boolean {
  const labels = Object.keys(metadata.labels ?? {});
  return apiVersion === 'v1' && kind === 'ConfigMap' && labels.includes('grafana_dashboard') && !labels.includes(FURTHER_ROOTS_LABEL);
}

const FURTHER_ROOTS_LABEL = 'sentinel-mtls.io/further-roots';

const POLICY_FIELDS = ['version', 'fleet', 'environment', 'service', 'spiffeId', 'mode', 'server', 'client'];
const SERVER_FIELDS = ['name', 'port', 'mode', 'plainPort', 'allow'];
const CLIENT_FIELDS = ['service', 'name', 'port', 'host', 'spiffeId', 'mode'];

/** The calls and ports are told elsewhere; keys of policy.json that its readers skip are told here. */
function policyReading(object: KubernetesObject): Reading {
  const policy = JSON.parse(String(valueAt(object, ['data', 'policy.json']))) as Readonly<Record<string, unknown>>;
  const skipped = (value: unknown, known: readonly string[]): unknown =>
    Object.fromEntries(Object.entries(value as object).filter(([key]) => !known.includes(key)));
  const inLists = (list: unknown, known: readonly string[]): readonly unknown[] =>
    (list as readonly unknown[]).map(entry => skipped(entry, known)).filter(entry => Object.keys(entry as object).length > 0);
  const allows = (policy.server as readonly { readonly allow: readonly unknown[] }[]).flatMap(({ allow }) => allow);
  const unread = {
    policy: skipped(policy, POLICY_FIELDS),
    server: inLists(policy.server, SERVER_FIELDS),
    allow: inLists(allows, ['spiffeId', 'mode']),
    client: inLists(policy.client, CLIENT_FIELDS),
  };
  const empty = Object.values(unread).every(part => Object.keys(part as object).length === 0);
  const rest = without(object, ['data', 'policy.json']);
  return { facts: [], rest: empty ? rest : { ...rest, 'policy.json': unread }, known: true };
}

function restFact(object: KubernetesObject, { rest, known }: Reading): Fact {
  const meaning: Meaning = path => {
    if (!known) return undefined;
    if (
      /^(?:apiVersion$|kind$|status\b|metadata\.(?:name|namespace|labels|annotations|creationTimestamp)\b|spec\.secretTemplate\.labels\b|spec\.revisionHistoryLimit$)/.test(
        path,
      )
    )
      return 'none';
    return object.kind === 'PrometheusRule' ? 'none' : undefined;
  };
  const fields = leaves(rest, meaning).map(object.kind === 'Secret' ? hidePrivate : field => field);
  const effects = fields.map(field => ('items' in field ? field.grows : field.effect));
  const name = sourceName(object);
  const form: Field = { name: FORM, value: canonical(object), shown: '(another form of the same)', effect: 'none' };
  return { section: 'other', key: name, subject: name, appears: combined(effects), fields: [...fields, form], sources: [name] };
}
