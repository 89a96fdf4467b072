import { isRecord, type KubernetesObject, type ObjectSet, valueAt } from '../../objects/index.js';
import { parseAddress } from './addresses.js';
import { isProtocol, type Protocol } from './ports.js';
import { isPortNumber, namespaceOf } from './read-policy.js';
import type { Labels } from './selector.js';

/** Pods of which a NetworkPolicy can see no difference. */
export interface PodShape {
  readonly namespace: string;
  readonly labels: Labels;
  readonly ports: readonly ContainerPort[];
  /**
   * On the network of its node. Plugins can't tell such pods from the node, so no selector finds them and no policy
   * isolates them: the API text calls this the most common implementation.
   */
  readonly hostNetwork: boolean;
  /** Known addresses; a pod that is still to be made has none. */
  readonly addresses: readonly bigint[];
}

export interface ContainerPort {
  readonly name: string | undefined;
  readonly port: number;
  readonly protocol: Protocol;
}

/** Pods and what makes them. */
export interface PodSource {
  readonly object: KubernetesObject;
  readonly shape: PodShape;
}

/** Where each kind keeps the pod that it makes. */
const TEMPLATES: Readonly<Record<string, { readonly group: string; readonly path: readonly string[] }>> = {
  Pod: { group: '', path: [] },
  ReplicationController: { group: '', path: ['spec', 'template'] },
  Deployment: { group: 'apps', path: ['spec', 'template'] },
  ReplicaSet: { group: 'apps', path: ['spec', 'template'] },
  StatefulSet: { group: 'apps', path: ['spec', 'template'] },
  DaemonSet: { group: 'apps', path: ['spec', 'template'] },
  Job: { group: 'batch', path: ['spec', 'template'] },
  CronJob: { group: 'batch', path: ['spec', 'jobTemplate', 'spec', 'template'] },
};

export const WORKLOAD_KINDS = Object.keys(TEMPLATES);

/** Everything in a set that is a pod or makes pods, in the order of the set. */
export function podSources(objects: ObjectSet): readonly PodSource[] {
  const sources: PodSource[] = [];
  for (const [kind, { group, path }] of Object.entries(TEMPLATES)) {
    for (const object of objects.ofKind(kind, group)) sources.push({ object, shape: shapeOf(object, path) });
  }
  return sources;
}

function shapeOf(object: KubernetesObject, path: readonly string[]): PodShape {
  const pod = valueAt(object, path);
  const spec = valueAt(pod, ['spec']);
  return {
    namespace: namespaceOf(object),
    labels: { ...labelsOf(valueAt(pod, ['metadata', 'labels'])), ...ownLabels(object) },
    ports: containerPorts(spec),
    hostNetwork: valueAt(spec, ['hostNetwork']) === true,
    addresses: addressesOf(valueAt(pod, ['status'])),
  };
}

export function labelsOf(value: unknown): Labels {
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** What the Job controller adds to its pods. */
function ownLabels({ kind, metadata }: KubernetesObject): Labels {
  return kind === 'Job' ? { 'job-name': metadata.name, 'batch.kubernetes.io/job-name': metadata.name } : {};
}

/** Of containers and of sidecars, which are init containers that go on running. */
function containerPorts(spec: unknown): readonly ContainerPort[] {
  const init = listAt(spec, 'initContainers').filter(container => valueAt(container, ['restartPolicy']) === 'Always');
  return [...listAt(spec, 'containers'), ...init].flatMap(container =>
    listAt(container, 'ports').flatMap((entry): ContainerPort[] => {
      const [port, protocol, name] = [valueAt(entry, ['containerPort']), valueAt(entry, ['protocol']) ?? 'TCP', valueAt(entry, ['name'])];
      if (!isPortNumber(port) || !isProtocol(protocol)) return [];
      return [{ name: typeof name === 'string' ? name : undefined, port, protocol }];
    }),
  );
}

function addressesOf(status: unknown): readonly bigint[] {
  const texts = [valueAt(status, ['podIP']), ...listAt(status, 'podIPs').map(entry => valueAt(entry, ['ip']))];
  const found = texts.flatMap(text => (typeof text === 'string' ? (parseAddress(text) ?? []) : []));
  return [...new Set(found)];
}

function listAt(value: unknown, field: string): readonly unknown[] {
  const list = valueAt(value, [field]);
  return Array.isArray(list) ? list : [];
}
