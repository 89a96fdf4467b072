import type { Rule } from '../rule.js';

export const leafMaySign: Rule = {
  code: 'SMT-M007',
  name: 'leaf-may-sign',
  severity: 'error',
  persona: 'regular',
  summary: 'a leaf has a usage of authorities',
  why: 'a certificate with "cert sign" and without the CA flag is malformed: strict clients refuse it, careless ones take what its key signs.',
  standards: ['RFC 5280 4.2.1.3: keyCertSign needs cA'],
  fix: 'remove "cert sign" and "crl sign"; cert-manager adds them for isCA',
  fixable: true,
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  usages:
    - server auth
    - cert sign
  issuerRef: { name: ca }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  usages:
    - server auth
  issuerRef: { name: ca }
`,
  *check({ certificates }) {
    for (const { object, isCA, usages = [] } of certificates)
      for (const [index, usage] of isCA ? [] : usages.entries())
        if (usage === 'cert sign' || usage === 'crl sign') {
          const path = ['spec', 'usages', index];
          yield {
            object,
            path,
            message: `a leaf with the usage "${usage}"`,
            ...(usages.length > 1 ? { edits: [{ kind: 'remove', path }] } : {}),
          };
        }
  },
};
