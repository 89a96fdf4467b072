import type { Rule } from '../rule.js';

export const clientWithoutUri: Rule = {
  code: 'SMT-C009',
  name: 'client-without-uri',
  severity: 'note',
  persona: 'pedantic',
  summary: 'a client certificate has no URI that says who the client is',
  why: 'servers then tell clients apart by common name or DNS name, which say where somebody listens and not who he is; the common name is not even checked by name constraints.',
  standards: ['SPIFFE X509-SVID 2', 'RFC 6125 6.4.4'],
  fix: 'add uris: ["spiffe://<trust domain>/ns/<namespace>/sa/<service account>"]',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  commonName: orders
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  usages: [client auth]
  issuerRef: { name: ca }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  uris: ['spiffe://shop.internal/ns/shop/sa/orders']
  secretName: orders-tls
  usages: [client auth]
  issuerRef: { name: ca }
`,
  *check({ certificates }) {
    for (const { object, usages, uris, isCA } of certificates)
      if (!isCA && usages?.includes('client auth') && uris.length === 0)
        yield {
          object,
          path: ['spec', 'usages', usages.indexOf('client auth')],
          message: 'a client certificate without a URI as identity',
        };
  },
};
