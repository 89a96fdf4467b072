import { rulesInForce } from '../policies.js';
import type { Rule } from '../rule.js';
import { isEmptySelector } from '../selectors.js';
import { isSet } from '../values.js';

export const selectorTakesEverything: Rule = {
  code: 'SMT-N004',
  name: 'selector-takes-everything',
  severity: 'note',
  persona: 'pedantic',
  summary: 'an empty selector allows every pod of the cluster, or opens every pod of the namespace',
  why: '"namespaceSelector: {}" is all namespaces, those of other teams too. "podSelector: {}" with rules opens pods that nobody thought of, and those that come later.',
  standards: ['Kubernetes NetworkPolicy API: an empty selector matches everything', 'NIST SP 800-204B 4.1'],
  fix: 'name the namespaces by kubernetes.io/metadata.name and the pods by a label',
  bad: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Ingress]
  ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 8443, protocol: TCP }] }]
`,
  good: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Ingress]
  ingress:
    - from: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: web } }, podSelector: { matchLabels: { app: shop } } }]
      ports: [{ port: 8443, protocol: TCP }]
`,
  *check({ policies }) {
    for (const policy of policies) {
      const { object, podSelector } = policy;
      const rules = rulesInForce(policy);
      if (isEmptySelector(podSelector) && rules.some(({ direction }) => direction === 'ingress'))
        yield { object, path: ['spec', 'podSelector'], message: 'the rules hold for every pod of the namespace' };
      for (const { peers = [], direction } of rules)
        for (const { value, path } of peers)
          if (isSet(value, 'namespaceSelector') && isEmptySelector(value.namespaceSelector) && isEmptySelector(value.podSelector))
            yield { object, path: [...path, 'namespaceSelector'], message: `${direction} is open for every pod of every namespace` };
    }
  },
};
