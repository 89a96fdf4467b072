import { rulesInForce } from '../policies.js';
import type { Rule } from '../rule.js';

export const emptyListAllowsAll: Rule = {
  code: 'SMT-N003',
  name: 'empty-list-allows-all',
  severity: 'error',
  persona: 'regular',
  summary: 'an empty list in a rule allows everything',
  why: '"from: []" means every source and "ports: []" every port. It is what is left when a template finds nobody to allow, and opens what it was to close.',
  standards: ['Kubernetes NetworkPolicy API: from, to, ports', 'OWASP Kubernetes Top 10 2025 K05'],
  fix: 'remove the rule when nobody is to be allowed, or name who is',
  bad: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Ingress]
  ingress:
    - from: []
      ports: [{ port: 8443, protocol: TCP }]
`,
  good: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Ingress]
  ingress:
    - from: [{ podSelector: { matchLabels: { app: cart } } }]
      ports: [{ port: 8443, protocol: TCP }]
`,
  *check({ policies }) {
    for (const policy of policies)
      for (const rule of rulesInForce(policy)) {
        const { object } = policy;
        const { peers, ports, path, peerKey } = rule;
        const whom = peerKey === 'from' ? 'source' : 'destination';
        if (peers?.length === 0) yield { object, path: [...path, peerKey], message: `"${peerKey}: []" allows every ${whom}` };
        if (ports?.length === 0) yield { object, path: [...path, 'ports'], message: '"ports: []" allows every port' };
        if (peers === undefined)
          yield {
            object,
            path,
            message: `a rule without "${peerKey}" allows every ${whom}${ports === undefined ? ' and every port' : ''}`,
            severity: 'note',
            persona: 'pedantic',
          };
      }
  },
};
