import { objectName } from '../../../objects/index.js';
import type { Rule } from '../rule.js';
import { textAt } from '../values.js';

export const secretOfOwnIssuer: Rule = {
  code: 'SMT-M009',
  name: 'secret-of-own-issuer',
  severity: 'error',
  persona: 'regular',
  summary: 'a Certificate writes the Secret from which its own issuer signs',
  why: 'the first renewal puts the leaf in the place of the authority, and nothing can be signed any more.',
  standards: ['cert-manager documentation, CA issuer: "ensure the secretName is different"'],
  fix: 'give the Certificate a secretName of its own',
  bad: `
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: { name: shop-ca, namespace: shop }
spec: { ca: { secretName: shop-ca } }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], secretName: shop-ca, usages: [server auth], issuerRef: { name: shop-ca } }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: { name: shop-ca, namespace: shop }
spec: { ca: { secretName: shop-ca } }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], secretName: orders-tls, usages: [server auth], issuerRef: { name: shop-ca } }
`,
  *check(world) {
    for (const certificate of world.certificates) {
      const issuer = world.issuerOf(certificate);
      const home = issuer?.namespace ?? world.settings.clusterResourceNamespace;
      if (issuer?.type === 'ca' && certificate.namespace === home && textAt(issuer.config, 'secretName') === certificate.secretName)
        yield {
          object: certificate.object,
          path: ['spec', 'secretName'],
          message: `overwrites the authority of ${objectName(issuer.object)}, its own issuer`,
          related: [{ object: issuer.object, path: ['spec', 'ca', 'secretName'], text: 'the issuer reads it here' }],
        };
    }
  },
};
