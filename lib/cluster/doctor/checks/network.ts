import { selects } from '../../../check/lint/selectors.js';
import type { KubernetesObject } from '../../../objects/index.js';
import { groupBy, listAt, mapAt, textAt, textsAt } from '../../_values.js';
import { type Living, workloadOf } from '../../state/index.js';
import { FLEET_LABEL } from '../../status/index.js';
import { at } from '../_seen.js';
import { type Check, NEEDS } from '../check.js';

const section = 'network' as const;

/** Who enforces NetworkPolicies, by the names of DaemonSets and images. */
const ENFORCING: readonly (readonly [string, RegExp])[] = [
  ['Calico', /calico-node|\/node:.*calico|calico\/node/],
  ['Cilium', /cilium\/cilium|^cilium$/],
  ['Antrea', /antrea-agent/],
  ['kube-router', /kube-router/],
  ['OVN-Kubernetes', /ovnkube-node/],
  ['Weave Net', /weave-net|weave-npc/],
  ['Canal', /^canal$/],
  ['kube-network-policies', /kube-network-policies|kindnetd/],
  ['Azure NPM', /azure-npm/],
  ['AWS network policy agent', /aws-network-policy-agent/],
];

/** Networks that let every packet through whatever the policies say. */
const NOT_ENFORCING: readonly (readonly [string, RegExp])[] = [
  ['Flannel', /flannel/],
  ['the VPC CNI without its policy agent', /amazon-k8s-cni/],
];

function networkOf(living: Living): { readonly enforcing: readonly string[]; readonly others: readonly string[] } {
  const texts = living.objects
    .ofKind('DaemonSet', 'apps')
    .flatMap(set => [
      set.metadata.name,
      ...listAt(set, 'spec', 'template', 'spec', 'containers').map(container => textAt(container, 'image')),
    ]);
  const found = (list: typeof ENFORCING): string[] =>
    list.filter(([, pattern]) => texts.some(text => pattern.test(text))).map(([name]) => name);
  return { enforcing: found(ENFORCING), others: found(NOT_ENFORCING) };
}

/** Pods of fleets, by namespace. */
function fleetPods(living: Living): ReadonlyMap<string, readonly KubernetesObject[]> {
  return groupBy(
    living.objects.ofKind('Pod', '').filter(pod => pod.metadata.labels?.[FLEET_LABEL] !== undefined),
    ({ metadata }) => metadata.namespace,
  );
}

export const NETWORK: readonly Check[] = [
  {
    code: 'SMT-D107',
    name: 'policies-not-enforced',
    section,
    level: 'error',
    title: 'somebody enforces NetworkPolicies',
    why: 'the objects are stored and have no effect: every pod reaches every port, and only the handshake stands between.',
    next: 'use a network that enforces them, as Calico or Cilium, and try it: e2e/ of this project does',
    needs: [NEEDS.daemonSets],
    preflight: true,
    *find(living) {
      const { enforcing, others } = networkOf(living);
      if (enforcing.length > 0) return;
      if (others.length > 0)
        yield { object: '', evidence: `the network is ${others.join(' and ')}, which does not look at NetworkPolicies` };
      else
        yield {
          object: '',
          evidence: 'no DaemonSet is known to enforce NetworkPolicies; a network of the provider’s own may do so',
          next: 'try it: a NetworkPolicy that denies all ingress to a test pod must close its port',
          level: 'warning',
        };
    },
  },
  {
    code: 'SMT-D108',
    name: 'foreign-policy',
    section,
    level: 'warning',
    title: 'no NetworkPolicy of others touches pods of a fleet',
    why: 'policies add up: another one opens what the fleet keeps shut, or isolates a direction that was open.',
    next: 'declare the call in the fleet, or narrow the podSelector of the other policy',
    needs: [NEEDS.policies, NEEDS.pods],
    *find(living) {
      const pods = fleetPods(living);
      for (const policy of living.objects.ofKind('NetworkPolicy', 'networking.k8s.io')) {
        const { namespace = '', labels } = policy.metadata;
        if (labels?.[FLEET_LABEL] !== undefined) continue;
        const taken = (pods.get(namespace) ?? []).filter(pod => selects(mapAt(policy, 'spec', 'podSelector'), pod.metadata.labels ?? {}));
        if (taken.length === 0) continue;
        const workloads = [...new Set(taken.map(workloadOf))];
        yield at(
          policy,
          `it ${effectOf(policy)} ${workloads.slice(0, 3).join(', ')}${workloads.length > 3 ? ` and ${workloads.length - 3} more` : ''}`,
        );
      }
    },
  },
  {
    code: 'SMT-D109',
    name: 'pod-not-isolated',
    section,
    level: 'error',
    title: 'every pod of a fleet is isolated in both directions',
    why: 'a pod that no policy selects may be reached by everybody, and reaches everybody.',
    next: 'apply network.yaml of the fleet; compare the labels of the pod with the podSelector',
    needs: [NEEDS.policies, NEEDS.pods],
    *find(living) {
      const policies = groupBy(living.objects.ofKind('NetworkPolicy', 'networking.k8s.io'), ({ metadata }) => metadata.namespace);
      for (const [namespace, pods] of fleetPods(living)) {
        const told = new Set<string>();
        for (const pod of pods) {
          const workload = workloadOf(pod);
          if (told.has(workload) || mapAt(pod, 'spec').hostNetwork === true) continue;
          told.add(workload);
          const selecting = (policies.get(namespace) ?? []).filter(policy =>
            selects(mapAt(policy, 'spec', 'podSelector'), pod.metadata.labels ?? {}),
          );
          const open = ['Ingress', 'Egress'].filter(type => !selecting.some(policy => typesOf(policy).includes(type)));
          if (open.length > 0) yield at(pod, `no NetworkPolicy isolates ${workload} for ${open.join(' and ')}`);
        }
      }
    },
  },
  {
    code: 'SMT-D076',
    name: 'mesh-beside',
    section,
    level: 'warning',
    title: 'no mesh does mutual TLS on the same ports',
    why: 'TLS inside of TLS: the sidecar refuses what it did not wrap itself, or hides the caller.',
    next: 'leave the pods of the fleet out of the mesh, or set PeerAuthentication to PERMISSIVE for their ports',
    needs: [NEEDS.pods],
    *find(living) {
      const pods = fleetPods(living);
      for (const peer of living.objects.ofKind('PeerAuthentication')) {
        const namespace = peer.metadata.namespace ?? '';
        const isEverywhere = namespace === 'istio-system';
        const inMesh = (isEverywhere ? [...pods.values()].flat() : (pods.get(namespace) ?? [])).filter(pod =>
          listAt(pod, 'spec', 'containers').some(container => textAt(container, 'name') === 'istio-proxy'),
        );
        if (textAt(peer, 'spec', 'mtls', 'mode') === 'STRICT' && inMesh.length > 0)
          yield at(peer, `it is STRICT, and ${inMesh.length} pods of a fleet have a sidecar`);
      }
    },
  },
];

/** With the API's default: Egress only where there are egress rules. */
function typesOf(policy: KubernetesObject): readonly string[] {
  const types = textsAt(policy, 'spec', 'policyTypes');
  if (types.length > 0) return types;
  return listAt(policy, 'spec', 'egress').length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

function effectOf(policy: KubernetesObject): string {
  const opens = [
    ...(typesOf(policy).includes('Ingress') && listAt(policy, 'spec', 'ingress').length > 0 ? ['ingress'] : []),
    ...(typesOf(policy).includes('Egress') && listAt(policy, 'spec', 'egress').length > 0 ? ['egress'] : []),
  ];
  return opens.length > 0 ? `may open ${opens.join(' and ')} of` : 'isolates';
}
