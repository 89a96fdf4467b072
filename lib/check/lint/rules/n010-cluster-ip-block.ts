import type { Rule } from '../rule.js';
import { textAt } from '../values.js';

export const clusterIpBlock: Rule = {
  code: 'SMT-N010',
  name: 'cluster-ip-block',
  severity: 'warning',
  persona: 'regular',
  summary: 'an ipBlock names the cluster IP of a Service',
  why: 'whether a policy sees the address before or after the translation is undefined: with most network plugins such a rule matches nothing.',
  standards: ['Kubernetes NetworkPolicy: "ipBlock ... should be cluster-external IPs"', 'Calico issue 5129'],
  fix: 'select the pods behind the Service by their labels',
  bad: `
apiVersion: v1
kind: Service
metadata: { name: orders, namespace: shop }
spec: { clusterIP: 10.96.7.7, selector: { app: orders }, ports: [{ port: 443 }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: cart, namespace: shop }
spec:
  podSelector: { matchLabels: { app: cart } }
  policyTypes: [Egress]
  egress: [{ to: [{ ipBlock: { cidr: 10.96.7.7/32 } }], ports: [{ port: 443, protocol: TCP }] }]
`,
  good: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: cart, namespace: shop }
spec:
  podSelector: { matchLabels: { app: cart } }
  policyTypes: [Egress]
  egress: [{ to: [{ podSelector: { matchLabels: { app: orders } } }], ports: [{ port: 8443, protocol: TCP }] }]
`,
  *check({ policies, services }) {
    const byAddress = new Map(services.map(service => [service.clusterIP, service]));
    for (const { object, rules } of policies)
      for (const { peers = [] } of rules)
        for (const { value, path } of peers) {
          const [address = '', length] = textAt(value, 'ipBlock', 'cidr').split('/');
          const service = length === '32' || length === '128' ? byAddress.get(address) : undefined;
          if (service && address !== '' && !usedForDns(service.name))
            yield {
              object,
              path: [...path, 'ipBlock', 'cidr'],
              message: `${address} is the cluster IP of Service ${service.name}`,
              related: [{ object: service.object, path: ['spec', 'clusterIP'], text: 'the Service' }],
            };
        }
  },
};

/** NodeLocal DNSCache answers on the address of kube-dns: the one good use. */
const usedForDns = (service: string): boolean => service === 'kube-dns';
