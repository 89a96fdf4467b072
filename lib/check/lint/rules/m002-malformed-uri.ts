import { parseSpiffeId } from '../../../pki/index.js';
import type { Rule } from '../rule.js';

export const malformedUri: Rule = {
  code: 'SMT-M002',
  name: 'malformed-uri',
  severity: 'error',
  persona: 'regular',
  summary: 'an identity under uris is no URI or no SPIFFE ID, or there are several',
  why: 'cert-manager does not look at it. A peer that follows SPIFFE refuses a certificate with a malformed ID or with more than one.',
  standards: ['RFC 5280 4.2.1.6', 'SPIFFE-ID 2', 'SPIFFE X509-SVID 2'],
  fix: 'write one spiffe://<trust domain>/<path> with lower-case trust domain, no port, query, fragment or trailing slash',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { uris: ['spiffe://Shop.internal/ns/shop/sa/orders'], secretName: orders-tls, usages: [client auth], issuerRef: { name: ca } }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { uris: ['spiffe://shop.internal/ns/shop/sa/orders'], secretName: orders-tls, usages: [client auth], issuerRef: { name: ca } }
`,
  *check({ certificates }) {
    for (const { object, uris } of certificates) {
      const spiffe = uris.filter(uri => uri.toLowerCase().startsWith('spiffe:'));
      for (const [index, uri] of uris.entries()) {
        const path = ['spec', 'uris', index];
        const problem = problemOf(uri);
        if (problem !== undefined) yield { object, path, message: `"${uri}" ${problem}` };
        else if (spiffe.length > 1 && uri !== spiffe[0])
          yield { object, path, message: 'a second SPIFFE ID: a certificate has one identity' };
      }
    }
  },
};

function problemOf(uri: string): string | undefined {
  if (uri.toLowerCase().startsWith('spiffe:')) {
    const parsed = parseSpiffeId(uri);
    return 'problem' in parsed ? parsed.problem : undefined;
  }
  return URL.canParse(uri) ? undefined : 'is no URI with a scheme';
}
