import type { Rule } from '../rule.js';
import { isSet } from '../values.js';

export const policyTypesMismatch: Rule = {
  code: 'SMT-N002',
  name: 'policy-types-mismatch',
  severity: 'error',
  persona: 'regular',
  summary: 'a policy has rules of a direction that it does not name, or means a direction that it leaves out',
  why: 'rules of a direction that policyTypes does not name are ignored without a word. Without policyTypes, Egress counts only where egress rules exist: "egress: []" then denies nothing.',
  standards: ['Kubernetes NetworkPolicy API: policyTypes'],
  fix: 'write policyTypes with every direction that the policy is meant to isolate',
  fixable: true,
  bad: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Ingress]
  egress:
    - to: [{ podSelector: { matchLabels: { app: cart } } }]
`,
  good: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Ingress, Egress]
  egress:
    - to: [{ podSelector: { matchLabels: { app: cart } } }]
`,
  *check({ policies }) {
    for (const { object, types, explicitTypes, ingress, egress } of policies) {
      if (!explicitTypes) {
        const meant = isSet(object, 'spec', 'egress') && egress.length === 0;
        if (meant) yield { object, path: ['spec', 'egress'], message: 'an empty egress without policyTypes denies nothing' };
        else
          yield {
            object,
            path: ['spec'],
            message: `policyTypes is left out and means [${types.join(', ')}]`,
            severity: 'note',
            persona: 'pedantic',
            edits: [{ kind: 'add', path: ['spec'], key: 'policyTypes', value: `[${types.join(', ')}]` }],
          };
        continue;
      }
      if (ingress.length > 0 && !types.includes('Ingress'))
        yield { object, path: ['spec', 'ingress'], message: 'the ingress rules are ignored: policyTypes does not name Ingress' };
      if (egress.length > 0 && !types.includes('Egress'))
        yield { object, path: ['spec', 'egress'], message: 'the egress rules are ignored: policyTypes does not name Egress' };
    }
  },
};
