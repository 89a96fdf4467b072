import { takesPort } from '../policies.js';
import type { Rule } from '../rule.js';
import { mapAt, textAt } from '../values.js';

export const dnsServerIsolated: Rule = {
  code: 'SMT-N017',
  name: 'dns-server-isolated',
  severity: 'error',
  persona: 'regular',
  summary: 'a policy isolates the DNS server of the cluster without opening port 53',
  why: 'the first policy that selects a pod closes everything else. "Allow Prometheus to scrape CoreDNS" takes DNS away from the whole cluster.',
  standards: ['Kubernetes NetworkPolicy: "the two sorts of pod isolation"', 'Otterize issues 386, 595'],
  fix: 'open port 53 with UDP and TCP for every namespace in the same policy',
  bad: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: scrape-dns, namespace: kube-system }
spec:
  podSelector: { matchLabels: { k8s-app: kube-dns } }
  policyTypes: [Ingress]
  ingress: [{ from: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: monitoring } } }], ports: [{ port: 9153, protocol: TCP }] }]
`,
  good: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: scrape-dns, namespace: kube-system }
spec:
  podSelector: { matchLabels: { k8s-app: kube-dns } }
  policyTypes: [Ingress]
  ingress:
    - from: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: monitoring } } }]
      ports: [{ port: 9153, protocol: TCP }]
    - from: [{ namespaceSelector: {} }]
      ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
`,
  *check(world) {
    const servers = ['kube-dns', 'coredns'];
    for (const { object, namespace, types, podSelector } of world.policies) {
      const labels = mapAt(podSelector, 'matchLabels');
      const isServer = servers.includes(textAt(labels, 'k8s-app')) || servers.includes(textAt(labels, 'app.kubernetes.io/name'));
      if (!isServer || !types.includes('Ingress')) continue;
      const rules = world.policiesOf({ namespace, labels }).flatMap(({ ingress }) => ingress);
      const closed = ['UDP', 'TCP'].filter(protocol => !rules.some(rule => takesPort(rule, protocol, 53)));
      if (closed.length > 0)
        yield {
          object,
          path: ['spec', 'podSelector'],
          message: `the DNS server is isolated, and no rule opens port 53 for ${closed.join(' and ')}`,
        };
    }
  },
};
