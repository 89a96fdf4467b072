import type { Rule } from '../rule.js';
import { isSet } from '../values.js';

export const caWithoutNameConstraints: Rule = {
  code: 'SMT-C005',
  name: 'ca-without-name-constraints',
  severity: 'note',
  persona: 'auditor',
  summary: 'an authority may sign any name',
  why: 'without name constraints a stolen key of a private authority also signs for names outside of the cluster, for everybody who trusts it. cert-manager can set no path length, so this is the one bound that a Certificate can carry.',
  standards: ['RFC 5280 4.2.1.10', 'BSI TR-02103 5.2'],
  fix: 'set nameConstraints.permitted to the cluster domain and the trust domain; check clients first, some refuse constraints that they do not know',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: shop-ca, namespace: cert-manager }
spec:
  isCA: true
  commonName: shop CA
  secretName: shop-ca
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
  nameConstraints:
    critical: true
    permitted: { dnsDomains: [svc.cluster.local], uriDomains: [shop.internal] }
  privateKey: { rotationPolicy: Never }
  issuerRef: { kind: ClusterIssuer, name: selfsigned }
`,
  *check({ certificates }) {
    for (const { object, isCA, spec } of certificates)
      if (isCA && !isSet(spec, 'nameConstraints')) yield { object, path: ['spec', 'isCA'], message: 'this authority may sign any name' };
  },
};
