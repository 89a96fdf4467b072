import type { Rule } from '../rule.js';
import { isSet } from '../values.js';

export const acmeDurationIgnored: Rule = {
  code: 'SMT-M021',
  name: 'acme-duration-ignored',
  severity: 'note',
  persona: 'regular',
  summary: 'an ACME certificate has a duration that nobody looks at',
  why: 'cert-manager does not send it, and the certificate lives as long as the authority likes. A renewBefore that was counted from it may then be longer than the life.',
  standards: ['cert-manager documentation, ACME issuer: enableDurationFeature', 'RFC 8555 7.4 notAfter'],
  fix: 'leave duration out and use renewBeforePercentage; public authorities refuse enableDurationFeature',
  bad: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: letsencrypt }
spec: { acme: { server: 'https://acme-v02.api.letsencrypt.org/directory', privateKeySecretRef: { name: account } } }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: shop, namespace: shop }
spec: { dnsNames: [shop.example.com], duration: 2160h, secretName: shop, usages: [server auth], issuerRef: { kind: ClusterIssuer, name: letsencrypt } }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: letsencrypt }
spec: { acme: { server: 'https://acme-v02.api.letsencrypt.org/directory', privateKeySecretRef: { name: account } } }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: shop, namespace: shop }
spec: { dnsNames: [shop.example.com], secretName: shop, usages: [server auth], issuerRef: { kind: ClusterIssuer, name: letsencrypt } }
`,
  *check(world) {
    for (const certificate of world.certificates) {
      const issuer = world.issuerOf(certificate);
      if (issuer?.type === 'acme' && issuer.config.enableDurationFeature !== true && isSet(certificate.spec, 'duration'))
        yield { object: certificate.object, path: ['spec', 'duration'], message: 'the duration is not sent to an ACME authority' };
    }
  },
};
