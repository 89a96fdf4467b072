import type { PolicyPeer } from '../policies.js';
import { isSet, listAt, numberAt, textAt } from '../values.js';
import type { PolicyView, WorkloadView, World } from '../world.js';

/** Workloads among the objects that a policy is about. */
export const subjectsOf = (world: World, policy: PolicyView): readonly WorkloadView[] =>
  world.selected(policy.namespace, policy.podSelector);

/** Namespaces among the objects that a peer may mean; undefined when nothing is known of any of them. */
export function namespacesOfPeer(world: World, policy: PolicyView, { value }: PolicyPeer): readonly string[] | undefined {
  if (!isSet(value, 'namespaceSelector')) return [policy.namespace];
  const found = world.namespacesWith(value.namespaceSelector);
  return found.length === 0 ? undefined : found;
}

/** Workloads among the objects that a peer lets in or out. */
export function podsOfPeer(world: World, policy: PolicyView, peer: PolicyPeer): readonly WorkloadView[] {
  const known = pods.get(peer);
  if (known) return known;
  const namespaces = isSet(peer.value, 'ipBlock') ? [] : (namespacesOfPeer(world, policy, peer) ?? []);
  const [only] = namespaces;
  const found =
    only !== undefined && namespaces.length === 1
      ? world.selected(only, peer.value.podSelector)
      : namespaces.flatMap(namespace => world.selected(namespace, peer.value.podSelector));
  pods.set(peer, found);
  return found;
}

/** By peer, since each is asked by many rules. */
const pods = new WeakMap<PolicyPeer, readonly WorkloadView[]>();

/** Numbers of a named port of a workload, by protocol. */
export function namedPorts(workload: WorkloadView, name: string, protocol: string): number[] {
  return workload.containers.flatMap(({ value }) =>
    listAt(value, 'ports').flatMap(port => {
      const number = numberAt(port, 'containerPort');
      return textAt(port, 'name') === name && (textAt(port, 'protocol') || 'TCP') === protocol && number !== undefined ? [number] : [];
    }),
  );
}
