import { rulesInForce } from '../policies.js';
import type { Rule } from '../rule.js';
import { isSet } from '../values.js';

export const nodeLocalDns: Rule = {
  code: 'SMT-N015',
  name: 'node-local-dns',
  severity: 'note',
  persona: 'auditor',
  summary: 'DNS is allowed to the DNS pods alone, which a node-local cache is not',
  why: 'NodeLocal DNSCache runs on the network of the host and answers on 169.254.20.10: no selector ever takes it. Where it is on, as always on GKE Autopilot, no name is found.',
  standards: ['Kubernetes documentation: NodeLocal DNSCache', 'Calico issue 3795'],
  fix: 'where the cache is on, add ipBlock 169.254.20.10/32 and the cluster IP of kube-dns',
  bad: `
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
  good: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Egress]
  egress:
    - to:
        - { namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: kube-system } }, podSelector: { matchLabels: { k8s-app: kube-dns } } }
        - ipBlock: { cidr: 169.254.20.10/32 }
      ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
`,
  *check({ policies }) {
    for (const policy of policies)
      for (const { direction, peers = [], ports = [], path } of rulesInForce(policy))
        if (
          direction === 'egress' &&
          ports.some(({ port }) => port === 53) &&
          peers.some(({ value }) => isSet(value, 'podSelector')) &&
          !peers.some(({ value }) => isSet(value, 'ipBlock'))
        )
          yield { object: policy.object, path, message: 'a node-local DNS cache is not among these peers' };
  },
};
