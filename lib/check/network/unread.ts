import { apiGroup, type ObjectSet } from '../../objects/index.js';
import type { NetworkProblem } from './policy.js';

/** Policies of other APIs that can open or close what a NetworkPolicy says. */
const OTHER_APIS: Readonly<Record<string, readonly string[]>> = {
  'policy.networking.k8s.io': ['AdminNetworkPolicy', 'BaselineAdminNetworkPolicy', 'ClusterNetworkPolicy'],
  'cilium.io': ['CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'],
  'crd.projectcalico.org': ['NetworkPolicy', 'GlobalNetworkPolicy', 'StagedNetworkPolicy'],
  'projectcalico.org': ['NetworkPolicy', 'GlobalNetworkPolicy'],
};

/** Objects about which this engine can say nothing, though the network obeys them. */
export function unreadPolicies(objects: ObjectSet): readonly NetworkProblem[] {
  return Object.entries(OTHER_APIS).flatMap(([group, kinds]) =>
    kinds.flatMap(kind =>
      objects.ofKind(kind, group).map(object => ({
        object,
        path: ['kind'],
        text: `is ${kind} of ${apiGroup(object)}, which may allow or deny besides every NetworkPolicy and is not evaluated`,
      })),
    ),
  );
}
