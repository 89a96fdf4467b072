import type { Rule } from '../rule.js';

export const protocolLeftOut: Rule = {
  code: 'SMT-N013',
  name: 'protocol-left-out',
  severity: 'note',
  persona: 'pedantic',
  summary: 'a port without protocol is TCP alone',
  why: 'readers take it for all protocols. QUIC, DNS over UDP and SCTP stay closed.',
  standards: ['Kubernetes NetworkPolicy API: protocol'],
  fix: 'write protocol: TCP',
  fixable: true,
  bad: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Ingress]
  ingress:
    - from: [{ podSelector: { matchLabels: { app: cart } } }]
      ports:
        - port: 8443
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
      ports:
        - port: 8443
          protocol: TCP
`,
  *check({ policies }) {
    for (const { object, rules } of policies)
      for (const { ports = [] } of rules)
        for (const { explicitProtocol, path } of ports)
          if (!explicitProtocol)
            yield {
              object,
              path,
              message: 'a port without protocol is TCP alone',
              edits: [{ kind: 'add', path, key: 'protocol', value: 'TCP' }],
            };
  },
};
