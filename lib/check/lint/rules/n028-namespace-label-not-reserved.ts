import { rulesInForce } from '../policies.js';
import type { Rule } from '../rule.js';
import { isSet, mapAt, textAt } from '../values.js';

export const namespaceLabelNotReserved: Rule = {
  code: 'SMT-N028',
  name: 'namespace-label-not-reserved',
  severity: 'warning',
  persona: 'regular',
  summary: 'namespaces are told apart by a label that anybody may give, or that is not there',
  why: 'a label such as "name" is put on a namespace by hand or not at all. Where it is missing the rule allows nobody; and who may label a namespace opens the rule for it.',
  standards: ['Kubernetes NetworkPolicy: "targeting a namespace by its name"', 'KEP-2161'],
  fix: 'use kubernetes.io/metadata.name, which the API server keeps',
  bad: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Ingress]
  ingress: [{ from: [{ namespaceSelector: { matchLabels: { name: monitoring } } }], ports: [{ port: 9090, protocol: TCP }] }]
`,
  good: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Ingress]
  ingress: [{ from: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: monitoring } } }], ports: [{ port: 9090, protocol: TCP }] }]
`,
  *check(world) {
    const namespaces = world.objects.ofKind('Namespace', '');
    for (const policy of world.policies)
      for (const { peers = [] } of rulesInForce(policy))
        for (const { value, path } of peers) {
          const labels = mapAt(value, 'namespaceSelector', 'matchLabels');
          const { name } = labels;
          if (typeof name !== 'string' || isSet(labels, 'kubernetes.io/metadata.name')) continue;
          const at = [...path, 'namespaceSelector', 'matchLabels', 'name'];
          const known = namespaces.find(({ metadata }) => metadata.name === name);
          if (known && textAt(world.namespaceLabels(name), 'name') !== name)
            yield {
              object: policy.object,
              path: at,
              message: `Namespace ${name} has no label name: the rule allows nobody`,
              severity: 'error',
              related: [{ object: known, path: ['metadata'], text: 'the Namespace' }],
            };
          else yield { object: policy.object, path: at, message: `the label name: ${name} is not kept by Kubernetes` };
        }
  },
};
