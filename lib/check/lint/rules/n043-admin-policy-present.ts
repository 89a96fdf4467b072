import { objectName } from '../../../objects/index.js';
import type { Rule } from '../rule.js';
import { numberAt, textAt } from '../values.js';

export const adminPolicyPresent: Rule = {
  code: 'SMT-N043',
  name: 'admin-policy-present',
  severity: 'note',
  persona: 'auditor',
  summary: 'a cluster-wide policy decides before or after the network policies here',
  why: 'a Deny or Accept of the admin tier beats every NetworkPolicy, and one of the baseline tier counts where none selects the pod. Two with the same priority decide by chance.',
  standards: ['network-policy-api: ClusterNetworkPolicy v1alpha2', 'NPEP-285'],
  fix: 'read its rules together with the policies; NetworkPolicies alone do not tell what is open',
  bad: `
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: { name: deny-all }
spec: { tier: Admin, priority: 10, subject: { namespaces: {} } }
`,
  good: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: default-deny, namespace: shop }
spec: { podSelector: {}, policyTypes: [Ingress, Egress] }
`,
  *check({ objects }) {
    const policies = ['ClusterNetworkPolicy', 'AdminNetworkPolicy', 'BaselineAdminNetworkPolicy'].flatMap(kind =>
      objects
        .ofKind(kind, 'policy.networking.k8s.io')
        .map(object => ({ object, tier: textAt(object, 'spec', 'tier') || kind, priority: numberAt(object, 'spec', 'priority') })),
    );
    for (const { object, tier, priority } of policies) {
      const rival = policies.find(
        other => other.object !== object && other.tier === tier && other.priority === priority && priority !== undefined,
      );
      yield {
        object,
        path: rival ? ['spec', 'priority'] : ['metadata', 'name'],
        message: rival
          ? `has the priority of ${objectName(rival.object)}: which of them decides is undefined`
          : 'decides beside the network policies here',
        ...(rival ? { severity: 'warning' as const, persona: 'regular' as const } : {}),
      };
    }
  },
};
