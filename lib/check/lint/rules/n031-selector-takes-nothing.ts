import { rulesInForce } from '../policies.js';
import type { Rule } from '../rule.js';
import { isEmptySelector, selectorText } from '../selectors.js';
import { namespacesOfPeer, podsOfPeer, subjectsOf } from './_peers.js';

export const selectorTakesNothing: Rule = {
  code: 'SMT-N031',
  name: 'selector-takes-nothing',
  severity: 'warning',
  persona: 'regular',
  summary: 'a selector of a policy takes none of the workloads of its namespace',
  why: 'a mistyped label closes what was to be open, or leaves open what was to be closed, and nothing says so.',
  standards: ['kube-linter: dangling-networkpolicy, dangling-networkpolicypeer-podselector'],
  fix: 'compare the labels with those of the pod template',
  bad: `
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop, labels: { app: orders } }
spec: { containers: [{ name: a, image: orders:1 }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec: { podSelector: { matchLabels: { app: order } }, policyTypes: [Ingress, Egress] }
`,
  good: `
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop, labels: { app: orders } }
spec: { containers: [{ name: a, image: orders:1 }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec: { podSelector: { matchLabels: { app: orders } }, policyTypes: [Ingress, Egress] }
`,
  *check(world) {
    for (const policy of world.policies) {
      const { object, namespace, podSelector } = policy;
      const own = world.workloadsIn(namespace);
      if (own.length > 0 && !isEmptySelector(podSelector) && subjectsOf(world, policy).length === 0)
        yield {
          object,
          path: ['spec', 'podSelector'],
          message: `selects none of the ${own.length} workloads of its namespace: ${selectorText(podSelector)}`,
        };
      for (const { peers = [] } of rulesInForce(policy))
        for (const peer of peers) {
          if (isEmptySelector(peer.value.podSelector)) continue;
          const namespaces = namespacesOfPeer(world, policy, peer)?.filter(each => world.workloadsIn(each).length > 0) ?? [];
          if (namespaces.length === 0 || podsOfPeer(world, policy, peer).length > 0) continue;
          yield {
            object,
            path: [...peer.path, 'podSelector'],
            message: `no workload here has ${selectorText(peer.value.podSelector)}`,
            // others may bring pods of theirs into many namespaces
            ...(namespaces.length > 1 ? { persona: 'pedantic' as const } : {}),
          };
        }
    }
  },
};
