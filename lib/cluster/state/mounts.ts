import type { KubernetesObject, ObjectSet } from '../../objects/index.js';
import { isSet, listAt, mapAt, textAt } from '../_values.js';

/** A workload, some pods of which have the Secret as a volume. */
export interface Mount {
  /** `Deployment/orders`, `Pod/debug` */
  readonly workload: string;
  readonly pods: readonly KubernetesObject[];
}

/** By `namespace/secret`. */
export function mountsOf(objects: ObjectSet): ReadonlyMap<string, readonly Mount[]> {
  const found = new Map<string, Map<string, KubernetesObject[]>>();
  for (const pod of objects.ofKind('Pod', '')) {
    if (['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase'))) continue;
    for (const secret of new Set(secretsOf(pod))) {
      const key = `${pod.metadata.namespace ?? ''}/${secret}`;
      const byWorkload = found.get(key) ?? new Map<string, KubernetesObject[]>();
      found.set(key, byWorkload);
      const workload = workloadOf(pod);
      byWorkload.set(workload, [...(byWorkload.get(workload) ?? []), pod]);
    }
  }
  return new Map([...found].map(([key, byWorkload]) => [key, [...byWorkload].map(([workload, pods]) => ({ workload, pods }))]));
}

function secretsOf(pod: KubernetesObject): string[] {
  return listAt(pod, 'spec', 'volumes').flatMap(volume => [
    ...(isSet(volume, 'secret') ? [textAt(volume, 'secret', 'secretName')] : []),
    ...listAt(volume, 'projected', 'sources').flatMap(source => (isSet(source, 'secret') ? [textAt(source, 'secret', 'name')] : [])),
  ]);
}

/** Who made a pod; of a ReplicaSet its Deployment, whose name it carries before the hash. */
export function workloadOf(pod: KubernetesObject): string {
  const owner = listAt(pod, 'metadata', 'ownerReferences').find(reference => mapAt(reference).controller === true);
  if (owner === undefined) return `Pod/${pod.metadata.name}`;
  const [kind, name] = [textAt(owner, 'kind'), textAt(owner, 'name')];
  const hash = pod.metadata.labels?.['pod-template-hash'];
  if (kind === 'ReplicaSet' && hash !== undefined && name.endsWith(`-${hash}`)) return `Deployment/${name.slice(0, -hash.length - 1)}`;
  return `${kind}/${name}`;
}
