import type { PolicyPeer } from '../policies.js';
import { selects } from '../selectors.js';
import { isSet, listAt, mapAt, numberAt, textAt } from '../values.js';
import type { PolicyView, WorkloadView, World } from '../world.js';

/** Labels of a namespace: Kubernetes gives each one its own name as a label, also where no Namespace object is at hand. */
export function namespaceLabels(world: World, namespace: string): Readonly<Record<string, unknown>> {
  const object = world.objects.get('Namespace', undefined, namespace, '');
  return { ...mapAt(object, 'metadata', 'labels'), 'kubernetes.io/metadata.name': namespace };
}

/** Workloads among the objects that a policy is about. */
export const subjectsOf = (world: World, policy: PolicyView): readonly WorkloadView[] =>
  world.workloadsIn(policy.namespace).filter(({ labels }) => selects(policy.podSelector, labels));

/** Namespaces among the objects that a peer may mean; undefined when nothing is known of any of them. */
export function namespacesOfPeer(world: World, policy: PolicyView, { value }: PolicyPeer): readonly string[] | undefined {
  if (!isSet(value, 'namespaceSelector')) return [policy.namespace];
  const known = [...new Set(world.workloads.map(({ namespace }) => namespace))];
  const selector = value.namespaceSelector;
  const found = known.filter(namespace => selects(selector, namespaceLabels(world, namespace)));
  return found.length === 0 ? undefined : found;
}

/** Workloads among the objects that a peer lets in or out. */
export function podsOfPeer(world: World, policy: PolicyView, peer: PolicyPeer): readonly WorkloadView[] {
  if (isSet(peer.value, 'ipBlock')) return [];
  return (namespacesOfPeer(world, policy, peer) ?? []).flatMap(namespace =>
    world.workloadsIn(namespace).filter(({ labels }) => selects(peer.value.podSelector, labels)),
  );
}

/** Numbers of a named port of a workload, by protocol. */
export function namedPorts(workload: WorkloadView, name: string, protocol: string): number[] {
  return workload.containers.flatMap(({ value }) =>
    listAt(value, 'ports').flatMap(port => {
      const number = numberAt(port, 'containerPort');
      return textAt(port, 'name') === name && (textAt(port, 'protocol') || 'TCP') === protocol && number !== undefined ? [number] : [];
    }),
  );
}
