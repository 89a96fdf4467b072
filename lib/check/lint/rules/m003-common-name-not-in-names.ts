import type { Rule } from '../rule.js';
import { textsAt } from '../values.js';

export const commonNameNotInNames: Rule = {
  code: 'SMT-M003',
  name: 'common-name-not-in-names',
  severity: 'error',
  persona: 'regular',
  summary: 'an ACME certificate has a common name that is not among its DNS names',
  why: 'cert-manager creates no order for it: the request fails as InvalidOrder, at each attempt.',
  standards: ['RFC 8555 7.4', 'cert-manager pkg/controller/certificaterequests/acme'],
  fix: 'add the common name to dnsNames, or leave it out: no client reads it',
  bad: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: letsencrypt }
spec: { acme: { server: 'https://acme-v02.api.letsencrypt.org/directory', privateKeySecretRef: { name: account } } }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: shop, namespace: shop }
spec: { commonName: shop.example.com, dnsNames: [www.shop.example.com], secretName: shop, usages: [server auth], issuerRef: { kind: ClusterIssuer, name: letsencrypt } }
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
spec: { commonName: shop.example.com, dnsNames: [shop.example.com, www.shop.example.com], secretName: shop, usages: [server auth], issuerRef: { kind: ClusterIssuer, name: letsencrypt } }
`,
  *check(world) {
    for (const certificate of world.certificates) {
      const { object, commonName, dnsNames, spec } = certificate;
      if (commonName === '' || dnsNames.includes(commonName) || textsAt(spec, 'ipAddresses').includes(commonName)) continue;
      if (world.issuerOf(certificate)?.type === 'acme')
        yield { object, path: ['spec', 'commonName'], message: `the common name "${commonName}" is not among dnsNames: no order is made` };
    }
  },
};
