import type { Rule } from '../rule.js';
import { textsAt } from '../values.js';

/** RFC 5280 appendix A.1, upper bounds. */
const BOUNDS: Readonly<Record<string, number>> = {
  organizations: 64,
  organizationalUnits: 64,
  localities: 128,
  provinces: 128,
  streetAddresses: 128,
  postalCodes: 16,
};

export const subjectTooLong: Rule = {
  code: 'SMT-M005',
  name: 'subject-too-long',
  severity: 'error',
  persona: 'regular',
  summary: 'a part of the subject is longer than X.509 allows, or a country is no two letters',
  why: 'cert-manager checks the common name alone. Issuers refuse the request, or strict clients refuse the certificate.',
  standards: ['RFC 5280 appendix A.1 (ub-organization-name, ub-locality-name, ub-country-name-alpha-length)', 'ISO 3166-1'],
  fix: 'shorten it; a country is its two-letter code',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], subject: { countries: [Germany] }, secretName: orders-tls, usages: [server auth], issuerRef: { name: ca } }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], subject: { countries: [DE] }, secretName: orders-tls, usages: [server auth], issuerRef: { name: ca } }
`,
  *check({ certificates }) {
    for (const { object, spec } of certificates) {
      for (const [field, most] of Object.entries(BOUNDS))
        for (const [index, text] of textsAt(spec, 'subject', field).entries())
          if ([...text].length > most)
            yield { object, path: ['spec', 'subject', field, index], message: `has ${[...text].length} characters, X.509 allows ${most}` };
      for (const [index, text] of textsAt(spec, 'subject', 'countries').entries())
        if (!/^[A-Z]{2}$/.test(text))
          yield { object, path: ['spec', 'subject', 'countries', index], message: `"${text}" is no two-letter country code` };
    }
  },
};
