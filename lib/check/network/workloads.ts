import { isRecord, type KubernetesObject, type ObjectSet, valueAt } from '../../objects/index.js';
import { type PodShape, type PodSource, podSources } from './pods.js';
import { namespaceOf } from './read-policy.js';

/** Pods that belong together: those of one Deployment, of one StatefulSet, or a Pod by itself. */
export interface Workload {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** The object, or one of the objects that say that they belong to it. */
  readonly object: KubernetesObject;
  /** More than one where its pods differ in what a policy can see. */
  readonly shapes: readonly PodShape[];
}

/** `shop/orders[Deployment]` */
export const workloadName = ({ kind, namespace, name }: Pick<Workload, 'kind' | 'namespace' | 'name'>): string =>
  `${namespace}/${name}[${kind}]`;

/** The workloads of a set. Pods and ReplicaSets that have an owner are part of it, though it may not be in the set. */
export function workloadsOf(objects: ObjectSet): readonly Workload[] {
  const sources = podSources(objects);
  const known = new Map(sources.map(source => [idOf(source.object), source.object]));
  const found = new Map<string, { owner: Owner; object: KubernetesObject; shapes: PodShape[] }>();
  for (const { object, shape } of sources.filter(isAlive)) {
    const owner = topOwner(object, known);
    const key = `${owner.kind} ${owner.namespace}/${owner.name}`;
    const workload = found.get(key);
    if (workload) workload.shapes.push(shape);
    else found.set(key, { owner, object: known.get(key) ?? object, shapes: [shape] });
  }
  return [...found.values()]
    .map(({ owner, object, shapes }) => ({ ...owner, object, shapes }))
    .sort((a, b) => (workloadName(a) < workloadName(b) ? -1 : 1));
}

/** What is usually made by something else. An owner above a Deployment is an operator's resource, which may own many of them. */
const MADE_BY_OTHERS: ReadonlySet<string> = new Set(['Pod', 'ReplicaSet', 'ReplicationController', 'Job']);

interface Owner {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** A Pod that has ended, and an old ReplicaSet that its Deployment keeps for a rollback, have no pods. */
function isAlive({ object }: PodSource): boolean {
  const phase = valueAt(object, ['status', 'phase']);
  if (object.kind === 'Pod') return phase !== 'Succeeded' && phase !== 'Failed';
  return !(object.kind === 'ReplicaSet' && valueAt(object, ['spec', 'replicas']) === 0 && controllerOf(object) !== undefined);
}

const idOf = (object: KubernetesObject): string => `${object.kind} ${namespaceOf(object)}/${object.metadata.name}`;

function topOwner(object: KubernetesObject, known: ReadonlyMap<string, KubernetesObject>): Owner {
  const owner = { kind: object.kind, namespace: namespaceOf(object), name: object.metadata.name };
  const seen = new Set<string>();
  for (let at: KubernetesObject | undefined = object; at !== undefined && MADE_BY_OTHERS.has(at.kind) && !seen.has(idOf(at)); ) {
    seen.add(idOf(at));
    const above = controllerOf(at);
    if (!above) break;
    owner.kind = above.kind;
    owner.name = above.name;
    at = known.get(`${above.kind} ${owner.namespace}/${above.name}`);
  }
  return owner;
}

/** The owner that controls an object; the only one where none says that it does. */
function controllerOf(object: KubernetesObject): { readonly kind: string; readonly name: string } | undefined {
  const references = valueAt(object, ['metadata', 'ownerReferences']);
  const owners = (Array.isArray(references) ? references : []).flatMap((owner: unknown) =>
    // a static pod belongs to its node, as every other of that node does
    isRecord(owner) && typeof owner.kind === 'string' && typeof owner.name === 'string' && owner.kind !== 'Node'
      ? [{ kind: owner.kind, name: owner.name, controller: owner.controller === true }]
      : [],
  );
  return owners.find(owner => owner.controller) ?? (owners.length === 1 ? owners[0] : undefined);
}
