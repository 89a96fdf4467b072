import { takesPort } from '../policies.js';
import type { Rule } from '../rule.js';
import { textAt } from '../values.js';

export const vaultBlockedByPolicy: Rule = {
  code: 'SMT-M039',
  name: 'vault-blocked-by-policy',
  severity: 'error',
  persona: 'regular',
  summary: 'a NetworkPolicy keeps cert-manager from reaching its Vault',
  why: 'the policy of the chart of cert-manager opens 80, 443, 6443 and 53 alone; Vault listens on 8200, and every request ends in a timeout.',
  standards: ['cert-manager chart values: networkPolicy.egress', 'Kubernetes NetworkPolicy API'],
  fix: 'add an egress rule with the port of Vault',
  bad: `
apiVersion: v1
kind: Pod
metadata: { name: cert-manager, namespace: cert-manager, labels: { app: cert-manager } }
spec: { containers: [{ name: controller, image: 'quay.io/jetstack/cert-manager-controller:v1.21.2' }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: cert-manager, namespace: cert-manager }
spec:
  podSelector: { matchLabels: { app: cert-manager } }
  policyTypes: [Egress]
  egress: [{ to: [{ ipBlock: { cidr: 0.0.0.0/0 } }], ports: [{ port: 443, protocol: TCP }] }]
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: vault }
spec:
  vault: { server: 'https://vault.example.com:8200', path: pki/sign/shop, auth: { kubernetes: { role: shop, serviceAccountRef: { name: v } } } }
`,
  good: `
apiVersion: v1
kind: Pod
metadata: { name: cert-manager, namespace: cert-manager, labels: { app: cert-manager } }
spec: { containers: [{ name: controller, image: 'quay.io/jetstack/cert-manager-controller:v1.21.2' }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: cert-manager, namespace: cert-manager }
spec:
  podSelector: { matchLabels: { app: cert-manager } }
  policyTypes: [Egress]
  egress: [{ to: [{ ipBlock: { cidr: 0.0.0.0/0 } }], ports: [{ port: 443, protocol: TCP }, { port: 8200, protocol: TCP }] }]
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: vault }
spec:
  vault: { server: 'https://vault.example.com:8200', path: pki/sign/shop, auth: { kubernetes: { role: shop, serviceAccountRef: { name: v } } } }
`,
  *check(world) {
    const controllers = world.workloads.filter(({ containers }) =>
      containers.some(({ value }) => /(?:^|\/)cert-manager-controller[:@]/.test(textAt(value, 'image'))),
    );
    for (const controller of controllers) {
      const isolating = world.policiesOf(controller).filter(({ types }) => types.includes('Egress'));
      const [first] = isolating;
      if (!first) continue;
      for (const { object, config, type } of world.issuers) {
        const server = textAt(config, 'server');
        if (type !== 'vault' || !URL.canParse(server)) continue;
        const { port, protocol } = new URL(server);
        const number = port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port);
        if (!isolating.some(({ egress }) => egress.some(rule => takesPort(rule, 'TCP', number))))
          yield {
            object,
            path: ['spec', 'vault', 'server'],
            message: `no NetworkPolicy lets cert-manager reach port ${number}`,
            related: [{ object: first.object, path: ['spec'], text: 'isolated by' }],
          };
      }
    }
  },
};
