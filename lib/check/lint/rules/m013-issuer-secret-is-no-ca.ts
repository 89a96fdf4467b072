import { objectName } from '../../../objects/index.js';
import type { Rule } from '../rule.js';

export const issuerSecretIsNoCa: Rule = {
  code: 'SMT-M013',
  name: 'issuer-secret-is-no-ca',
  severity: 'error',
  persona: 'regular',
  summary: 'a CA issuer signs from the Secret of a certificate that is no authority',
  why: 'the issuer is not ready with ErrInvalidKeyPair: its certificate lacks the CA flag.',
  standards: ['RFC 5280 4.2.1.9', 'cert-manager pkg/issuer/ca/setup.go'],
  fix: 'set isCA: true on the Certificate of the authority',
  bad: `
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: { name: shop-ca, namespace: shop }
spec: { ca: { secretName: shop-ca } }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: shop-ca, namespace: shop }
spec: { commonName: shop CA, dnsNames: [ca.shop.svc], secretName: shop-ca, usages: [digital signature], issuerRef: { name: selfsigned } }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: { name: shop-ca, namespace: shop }
spec: { ca: { secretName: shop-ca } }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: shop-ca, namespace: shop }
spec: { isCA: true, commonName: shop CA, secretName: shop-ca, privateKey: { rotationPolicy: Never }, issuerRef: { name: selfsigned } }
`,
  *check(world) {
    for (const issuer of world.issuers) {
      const authority = world.authorityOf(issuer);
      if (authority && !authority.isCA && world.issuerOf(authority) !== issuer)
        yield {
          object: authority.object,
          path: ['spec'],
          message: `is no authority, but ${objectName(issuer.object)} signs with it`,
          related: [{ object: issuer.object, path: ['spec', 'ca', 'secretName'], text: 'the issuer' }],
        };
    }
  },
};
