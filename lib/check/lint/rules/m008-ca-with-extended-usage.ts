import type { Rule } from '../rule.js';

const FOR_AUTHORITIES = new Set([
  'signing',
  'digital signature',
  'cert sign',
  'crl sign',
  'content commitment',
  'ocsp signing',
  'server auth',
  'client auth',
]);

export const caWithExtendedUsage: Rule = {
  code: 'SMT-M008',
  name: 'ca-with-extended-usage',
  severity: 'warning',
  persona: 'regular',
  summary: 'an authority has usages that bound what its leaves can be used for, or that mean nothing',
  why: 'Go and others take the extended usages of an authority as a bound for everything below it: a leaf for another use is refused with "incompatible key usage".',
  standards: ['RFC 5280 4.2.1.3, 4.2.1.12', 'Go crypto/x509: nested extended key usages', 'cert-manager issue 2407'],
  fix: 'give an authority "cert sign", "crl sign" and "digital signature" alone',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: shop-ca, namespace: cert-manager }
spec:
  isCA: true
  commonName: shop CA
  secretName: shop-ca
  usages: [cert sign, code signing]
  privateKey: { rotationPolicy: Never }
  issuerRef: { kind: ClusterIssuer, name: selfsigned }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: shop-ca, namespace: cert-manager }
spec:
  isCA: true
  commonName: shop CA
  secretName: shop-ca
  usages: [cert sign, crl sign, digital signature]
  privateKey: { rotationPolicy: Never }
  issuerRef: { kind: ClusterIssuer, name: selfsigned }
`,
  *check({ certificates }) {
    for (const { object, isCA, usages = [] } of certificates)
      for (const [index, usage] of isCA ? usages.entries() : [])
        if (!FOR_AUTHORITIES.has(usage))
          yield { object, path: ['spec', 'usages', index], message: `an authority with the usage "${usage}"` };
  },
};
