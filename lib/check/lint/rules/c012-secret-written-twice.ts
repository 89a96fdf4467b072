import { objectName } from '../../../objects/index.js';
import type { Rule } from '../rule.js';

export const secretWrittenTwice: Rule = {
  code: 'SMT-C012',
  name: 'secret-written-twice',
  severity: 'error',
  persona: 'regular',
  summary: 'two Certificates write one Secret',
  why: 'one of them owns it; the other stays unissued without a word, or both take turns and the workload gets now one certificate and now the other.',
  standards: ['cert-manager documentation, FAQ: "two Certificates with the same secretName"', 'cert-manager issues 4846, 5875'],
  fix: 'give each Certificate a secretName of its own',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  usages: [server auth]
  issuerRef: { name: ca }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-v2-tls, namespace: shop }
spec:
  dnsNames: [orders-v2.shop.svc]
  secretName: orders-tls
  usages: [server auth]
  issuerRef: { name: ca }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  usages: [server auth]
  issuerRef: { name: ca }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-v2-tls, namespace: shop }
spec:
  dnsNames: [orders-v2.shop.svc]
  secretName: orders-v2-tls
  usages: [server auth]
  issuerRef: { name: ca }
`,
  *check(world) {
    for (const certificate of world.certificates) {
      if (certificate.secretName === '') continue;
      const [first] = world.writersOf(certificate.namespace, certificate.secretName);
      if (first && first !== certificate)
        yield {
          object: certificate.object,
          path: ['spec', 'secretName'],
          message: `Secret ${certificate.secretName} is also written by ${objectName(first.object)}`,
          related: [{ object: first.object, path: ['spec', 'secretName'], text: 'also written here' }],
        };
    }
  },
};
