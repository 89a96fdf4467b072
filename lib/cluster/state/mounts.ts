import type { KubernetesObject, ObjectSet } from '../../objects/index.js';
import { listAt, mapAt, textAt } from '../_values.js';

/** A workload, some pods of which have the Secret as a volume. */
export interface Mount {
  /** `Deployment/orders`, `Pod/debug` */
  readonly workload: string;
  readonly pods: readonly KubernetesObject[];
}

/** By `namespace/secret`. */
export function mountsOf(objects: ObjectSet): ReadonlyMap<string, readonly Mount[]> {
  const found = new Map<string, { readonly workload: string; readonly pods: KubernetesObject[] }[]>();
  for (const pod of objects.ofKind('Pod', '')) {
    const { phase } = mapAt(pod, 'status');
    if (phase === 'Succeeded' || phase === 'Failed') continue;
    const workload = workloadOf(pod);
    for (const secret of secretsOf(pod)) {
      const key = `${pod.metadata.namespace ?? ''}/${secret}`;
      const mounts = found.get(key);
      const mine = mounts?.find(mount => mount.workload === workload);
      if (mine !== undefined) {
        if (mine.pods.at(-1) !== pod) mine.pods.push(pod);
      } else if (mounts !== undefined) mounts.push({ workload, pods: [pod] });
      else found.set(key, [{ workload, pods: [pod] }]);
    }
  }
  return found;
}

function secretsOf(pod: KubernetesObject): string[] {
  const names: string[] = [];
  const add = (name: string): void => {
    if (name !== '') names.push(name);
  };
  for (const volume of listAt(pod, 'spec', 'volumes')) {
    add(textAt(volume, 'secret', 'secretName'));
    for (const source of listAt(volume, 'projected', 'sources')) add(textAt(source, 'secret', 'name'));
  }
  return names;
}

const workloads = new WeakMap<KubernetesObject, string>();

/** Who made a pod; of a ReplicaSet its Deployment, whose name it carries before the hash. */
export function workloadOf(pod: KubernetesObject): string {
  let workload = workloads.get(pod);
  if (workload === undefined) {
    workload = ownerOf(pod);
    workloads.set(pod, workload);
  }
  return workload;
}

function ownerOf(pod: KubernetesObject): string {
  const owner = listAt(pod, 'metadata', 'ownerReferences').find(reference => mapAt(reference).controller === true);
  if (owner === undefined) return `Pod/${pod.metadata.name}`;
  const [kind, name] = [textAt(owner, 'kind'), textAt(owner, 'name')];
  const hash = pod.metadata.labels?.['pod-template-hash'];
  if (kind === 'ReplicaSet' && hash !== undefined && name.endsWith(`-${hash}`)) return `Deployment/${name.slice(0, -hash.length - 1)}`;
  return `${kind}/${name}`;
}
