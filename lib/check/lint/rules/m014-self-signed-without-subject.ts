import type { Rule } from '../rule.js';
import { mapAt, textAt } from '../values.js';

export const selfSignedWithoutSubject: Rule = {
  code: 'SMT-M014',
  name: 'self-signed-without-subject',
  severity: 'warning',
  persona: 'regular',
  summary: 'a self-signed certificate has an empty subject',
  why: 'subject and issuer are then both empty, which X.509 forbids for the issuer: OpenSSL and others refuse the chain, cert-manager warns with BadConfig.',
  standards: ['RFC 5280 4.1.2.4', 'cert-manager documentation, SelfSigned issuer: "certificate validity"'],
  fix: 'set commonName, or subject.organizations',
  bad: `
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: { name: selfsigned, namespace: shop }
spec: { selfSigned: {} }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], secretName: orders-tls, usages: [server auth], issuerRef: { name: selfsigned } }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: { name: selfsigned, namespace: shop }
spec: { selfSigned: {} }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { commonName: orders.shop.svc, dnsNames: [orders.shop.svc], secretName: orders-tls, usages: [server auth], issuerRef: { name: selfsigned } }
`,
  *check(world) {
    for (const certificate of world.certificates) {
      const { object, commonName, spec } = certificate;
      const empty = commonName === '' && textAt(spec, 'literalSubject') === '' && Object.keys(mapAt(spec, 'subject')).length === 0;
      if (empty && world.issuerOf(certificate)?.type === 'selfSigned')
        yield { object, path: ['spec'], message: 'a self-signed certificate without a subject' };
    }
  },
};
