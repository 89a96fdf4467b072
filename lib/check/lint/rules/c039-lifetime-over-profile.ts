import type { Rule } from '../rule.js';
import { durationText, isSet } from '../values.js';

export const lifetimeOverProfile: Rule = {
  code: 'SMT-C039',
  name: 'lifetime-over-profile',
  severity: 'warning',
  persona: 'regular',
  summary: 'a certificate lives longer than the profile allows',
  why: 'nothing here checks revocation in the path of a call, so the lifetime is how long a stolen key is good for.',
  standards: ['NIST SP 800-57 part 1 r5, table 1', 'Mozilla Server Side TLS 5.8', 'CA/Browser Forum Baseline Requirements 6.3.2'],
  fix: 'shorten duration; cert-manager renews by itself',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], duration: 87600h, secretName: orders-tls, usages: [server auth], issuerRef: { name: ca } }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], duration: 2160h, secretName: orders-tls, usages: [server auth], issuerRef: { name: ca } }
`,
  *check({ certificates, settings: { profile } }) {
    for (const { object, isCA, duration, spec } of certificates) {
      const days = isCA ? profile.authorityDays : profile.leafDays;
      if (days !== undefined && duration > days * 86_400)
        yield {
          object,
          path: isSet(spec, 'duration') ? ['spec', 'duration'] : ['spec'],
          message: `lives ${durationText(duration)}, the profile ${profile.name} allows ${days} days for ${isCA ? 'an authority' : 'a leaf'}`,
        };
    }
  },
};
