import type { Rule } from '../rule.js';
import { isSet, listAt } from '../values.js';

export const commonNameOnly: Rule = {
  code: 'SMT-M004',
  name: 'common-name-only',
  severity: 'error',
  persona: 'regular',
  summary: 'a leaf has a common name and no other name',
  why: 'no current TLS library looks at the common name any more: Go since 1.15, Python since 3.12, browsers since 2017 refuse the certificate.',
  standards: ['RFC 9525 2', 'RFC 6125 6.4.4'],
  fix: 'list the names under dnsNames, or the identity under uris',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { commonName: orders.shop.svc, secretName: orders-tls, usages: [server auth], issuerRef: { name: ca } }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { commonName: orders.shop.svc, dnsNames: [orders.shop.svc], secretName: orders-tls, usages: [server auth], issuerRef: { name: ca } }
`,
  *check({ certificates }) {
    for (const { object, isCA, commonName, spec, usages } of certificates) {
      if (
        isCA ||
        commonName === '' ||
        ['dnsNames', 'uris', 'ipAddresses', 'emailAddresses', 'otherNames'].some(field => listAt(spec, field).length > 0)
      )
        continue;
      // databases still tell client users by common name
      const clientOnly = usages?.includes('client auth') === true && !usages.includes('server auth');
      yield {
        object,
        path: ['spec', isSet(spec, 'commonName') ? 'commonName' : 'literalSubject'],
        message: 'the common name is the only name, and nobody reads it any more',
        ...(clientOnly ? { severity: 'note' as const, persona: 'pedantic' as const } : {}),
      };
    }
  },
};
