import { APP_VERSION, CHART_LABEL, RELEASE_NAME } from './builtin.js';
import { ALWAYS, all, any, type Condition, filled } from './condition.js';
import type { Expression } from './expression.js';
import type { Entry, MapNode, Node } from './node.js';
import type { ServiceValues } from './service-values.js';
import type { ChartTree, TreeObject } from './tree.js';

/** An object as the chart has it: with the labels and annotations of charts, and when it is rendered at all. */
export function* chartObjects(tree: ChartTree): Generator<TreeObject> {
  for (const object of tree.objects()) yield { ...object, node: decorated(object, tree), when: all(guard(object, tree), object.when) };
}

/** Which switches of values.yaml an object hangs on. */
function guard(object: TreeObject, { global, services }: ChartTree): Condition {
  const { service } = object;
  const enabled = service ? filled(service.enabled) : ALWAYS;
  switch (object.plane) {
    case 'authority':
      return object.kind === 'Namespace' ? filled(global.createNamespaces) : all(filled(global.enabled), filled(global.createIssuer));
    case 'issuance':
      return all(filled(global.enabled), ...(global.issuance ? [filled(global.issuance)] : []), enabled);
    case 'trust':
      return all(filled(global.enabled), filled(global.createTrust));
    case 'identity':
      return all(filled(global.enabled), enabled, ...(service ? [filled(service.certificate.create)] : []));
    case 'policy':
      return all(filled(global.enabled), enabled);
    case 'network':
      return all(filled(global.networkPolicy), enabled, ...(service ? [filled(service.networkPolicy.enabled)] : []));
    case 'workload':
      return workloadGuard(object, services);
    case 'monitoring':
      return all(filled(global.enabled), filled(global.monitoring.enabled), filled(monitoringSwitch(object, global.monitoring)), enabled);
    default:
      return object.plane satisfies never;
  }
}

function workloadGuard(object: TreeObject, services: readonly ServiceValues[]): Condition {
  const { service, kind } = object;
  if (service?.workload === undefined) return ALWAYS;
  const { createAccount, autoscaling, budget } = service.workload;
  if (kind === 'ServiceAccount') {
    // one account may serve two services, and stays while one of them is there
    const users = services.filter(other => other.workload !== undefined && other.account === service.account);
    return all(any(...users.map(user => filled(user.enabled))), filled(createAccount));
  }
  const own: Readonly<Record<string, Expression | undefined>> = { HorizontalPodAutoscaler: autoscaling, PodDisruptionBudget: budget };
  const extra = own[kind];
  return all(filled(service.enabled), ...(extra ? [filled(extra)] : []));
}

function monitoringSwitch(object: TreeObject, switches: ChartTree['global']['monitoring']): Expression {
  if (object.kind === 'PrometheusRule') return switches.rules;
  return object.kind === 'ConfigMap' ? switches.dashboard : switches.monitors;
}

function decorated({ node, service, plane, kind }: TreeObject, { global }: ChartTree): MapNode {
  const metadata = mapField(node, 'metadata');
  if (metadata === undefined) throw new Error('an object without metadata');
  const labels = mapField(metadata, 'labels') ?? { kind: 'map', entries: [], spreads: [global.commonLabels] };
  const all: MapNode = {
    ...labels,
    entries: [...(service ? OF_SERVICES : OF_FLEET), ...labels.entries],
    fragment: {
      name: plane === 'monitoring' ? (kind === 'ConfigMap' ? 'dashboardLabels' : 'monitoringLabels') : `${service ? 'service.' : ''}labels`,
      own: new Set(service ? labels.entries.filter(entry => entry.node.kind === 'literal') : []),
    },
  };
  const withLabels = withField(metadata, 'labels', all);
  return withPodAnnotations(withField(node, 'metadata', withAnnotations(withLabels, global.commonAnnotations)), global.commonAnnotations);
}

/** Labels of charts; never in a selector or on a pod, which would restart at each version. */
const chartLabels = (component: string): readonly Entry[] =>
  [
    ['helm.sh/chart', value(CHART_LABEL)] as const,
    ['app.kubernetes.io/instance', value(RELEASE_NAME)] as const,
    ['app.kubernetes.io/version', value(APP_VERSION)] as const,
    ['app.kubernetes.io/component', { kind: 'literal', value: component } satisfies Node] as const,
  ].map(([key, node]) => ({ key, node, when: ALWAYS }));

const value = (expression: Expression): Node => ({ kind: 'value', value: expression });

const OF_SERVICES = chartLabels('service');
const OF_FLEET = chartLabels('fleet');

/** An annotation of the object itself wins over one of all objects. */
function withAnnotations(metadata: MapNode, common: Expression): MapNode {
  const known = field(metadata, 'annotations');
  const base: MapNode = known?.kind === 'map' ? known : { kind: 'map', entries: [], spreads: known?.kind === 'value' ? [known.value] : [] };
  return withField(metadata, 'annotations', { ...base, spreads: [...base.spreads, common] });
}

/** Annotations of all objects, on pods too: every map that has containers below `spec` is a pod template. */
function withPodAnnotations(node: MapNode, common: Expression): MapNode {
  let changed = false;
  const entries = node.entries.map((entry): Entry => {
    if (entry.node.kind !== 'map') return entry;
    const child = isPodTemplate(entry)
      ? withField(entry.node, 'metadata', withAnnotations(mapField(entry.node, 'metadata') ?? NOTHING, common))
      : withPodAnnotations(entry.node, common);
    if (child === entry.node) return entry;
    changed = true;
    return { ...entry, node: child };
  });
  return changed ? { ...node, entries } : node;
}

const isPodTemplate = ({ key, node }: Entry): boolean => key === 'template' && node.kind === 'map' && mapField(node, 'spec') !== undefined;

const NOTHING: MapNode = { kind: 'map', entries: [], spreads: [] };

const field = (node: MapNode, key: string): Node | undefined => node.entries.find(entry => entry.key === key)?.node;

function mapField(node: MapNode, key: string): MapNode | undefined {
  const found = field(node, key);
  return found?.kind === 'map' ? found : undefined;
}

function withField(node: MapNode, key: string, child: Node): MapNode {
  const entry: Entry = { key, node: child, when: ALWAYS };
  const known = node.entries.some(each => each.key === key);
  return { ...node, entries: known ? node.entries.map(each => (each.key === key ? entry : each)) : [...node.entries, entry] };
}
