import { rulesInForce } from '../policies.js';
import type { Rule } from '../rule.js';
import { isEmptySelector, selectorText } from '../selectors.js';
import { isSet } from '../values.js';

export const peersAreAlternatives: Rule = {
  code: 'SMT-N005',
  name: 'peers-are-alternatives',
  severity: 'warning',
  persona: 'regular',
  summary: 'a namespaceSelector and a podSelector stand as two peers where one was meant',
  why: 'two items of the list are alternatives: every pod of that namespace is allowed, and besides every pod with that label in the own namespace.',
  standards: ['Kubernetes NetworkPolicy: "behavior of to and from selectors"'],
  fix: 'put both selectors into one item: remove the dash before podSelector',
  bad: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Ingress]
  ingress:
    - from:
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: monitoring } }
        - podSelector: { matchLabels: { app: prometheus } }
      ports: [{ port: 9090, protocol: TCP }]
---
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop, labels: { app: orders } }
spec: { containers: [{ name: a, image: orders:1 }] }
`,
  good: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Ingress]
  ingress:
    - from:
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: monitoring } }
          podSelector: { matchLabels: { app: prometheus } }
      ports: [{ port: 9090, protocol: TCP }]
---
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop, labels: { app: orders } }
spec: { containers: [{ name: a, image: orders:1 }] }
`,
  *check(world) {
    for (const policy of world.policies)
      for (const { peers = [] } of rulesInForce(policy))
        for (const [index, peer] of peers.entries()) {
          const before = peers[index - 1];
          if (
            !before ||
            !isSet(peer.value, 'podSelector') ||
            isSet(peer.value, 'namespaceSelector') ||
            isEmptySelector(peer.value.podSelector)
          )
            continue;
          if (
            !isSet(before.value, 'namespaceSelector') ||
            isSet(before.value, 'podSelector') ||
            isEmptySelector(before.value.namespaceSelector)
          )
            continue;
          // where the own namespace has such pods, both may well be meant
          const own = world.workloadsIn(policy.namespace);
          const known = own.length > 0;
          if (known && world.selected(policy.namespace, peer.value.podSelector).length > 0) continue;
          yield {
            object: policy.object,
            path: peer.path,
            message: `this is another peer, not a part of the one above: pods with ${selectorText(peer.value.podSelector)} of the own namespace`,
            ...(known ? {} : { persona: 'pedantic' as const }),
          };
        }
  },
};
