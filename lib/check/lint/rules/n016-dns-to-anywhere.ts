import { rulesInForce } from '../policies.js';
import type { Rule } from '../rule.js';
import { textAt } from '../values.js';

export const dnsToAnywhere: Rule = {
  code: 'SMT-N016',
  name: 'dns-to-anywhere',
  severity: 'warning',
  persona: 'pedantic',
  summary: 'port 53 is open to every destination',
  why: 'data leaves the cluster by DNS queries to any server, past every other rule.',
  standards: ['MITRE ATT&CK T1048', 'OWASP Kubernetes Top 10 2025 K05'],
  fix: 'allow port 53 to the DNS pods of kube-system alone',
  bad: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Egress]
  egress: [{ ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }] }]
`,
  good: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Egress]
  egress:
    - to: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: kube-system } }, podSelector: { matchLabels: { k8s-app: kube-dns } } }]
      ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
`,
  *check({ policies }) {
    for (const policy of policies)
      for (const { direction, peers, ports = [], path } of rulesInForce(policy)) {
        const anywhere =
          peers === undefined ||
          peers.length === 0 ||
          peers.some(({ value }) => /^(?:0\.0\.0\.0|::)\/0$/.test(textAt(value, 'ipBlock', 'cidr')));
        if (direction === 'egress' && anywhere && ports.some(({ port }) => port === 53))
          yield { object: policy.object, path, message: 'port 53 is open to every destination' };
      }
  },
};
