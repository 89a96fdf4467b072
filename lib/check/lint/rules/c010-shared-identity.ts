import { objectName } from '../../../objects/index.js';
import type { Rule } from '../rule.js';
import { groupBy } from '../values.js';

export const sharedIdentity: Rule = {
  code: 'SMT-C010',
  name: 'shared-identity',
  severity: 'error',
  persona: 'regular',
  summary: 'two certificates carry one identity',
  why: 'peers cannot tell the two apart, so each may do what the other may, and a log line names neither.',
  standards: ['SPIFFE-ID 2', 'NIST SP 800-204B 4.1'],
  fix: 'give each service a ServiceAccount and a SPIFFE ID of its own',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  uris: ['spiffe://shop.internal/ns/shop/sa/default']
  secretName: orders-tls
  usages: [client auth]
  issuerRef: { name: ca }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: cart-tls, namespace: shop }
spec:
  uris: ['spiffe://shop.internal/ns/shop/sa/default']
  secretName: cart-tls
  usages: [client auth]
  issuerRef: { name: ca }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  uris: ['spiffe://shop.internal/ns/shop/sa/orders']
  secretName: orders-tls
  usages: [client auth]
  issuerRef: { name: ca }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: cart-tls, namespace: shop }
spec:
  uris: ['spiffe://shop.internal/ns/shop/sa/cart']
  secretName: cart-tls
  usages: [client auth]
  issuerRef: { name: ca }
`,
  *check({ certificates }) {
    const uses = certificates.flatMap(certificate => certificate.uris.map((uri, index) => ({ certificate, uri, index })));
    for (const group of groupBy(uses, ({ uri }) => (uri.startsWith('spiffe://') ? uri : undefined)).values()) {
      const [first, ...others] = group;
      if (!first) continue;
      for (const { certificate, uri, index } of others)
        if (certificate.object !== first.certificate.object && certificate.secretName !== first.certificate.secretName)
          yield {
            object: certificate.object,
            path: ['spec', 'uris', index],
            message: `the identity "${uri}" is also that of ${objectName(first.certificate.object)}`,
            related: [{ object: first.certificate.object, path: ['spec', 'uris', first.index], text: 'first used here' }],
          };
    }
  },
};
