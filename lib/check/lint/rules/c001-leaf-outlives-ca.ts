import type { Rule } from '../rule.js';
import { durationText, isSet } from '../values.js';

export const leafOutlivesCa: Rule = {
  code: 'SMT-C001',
  name: 'leaf-outlives-ca',
  severity: 'warning',
  persona: 'regular',
  summary: 'a certificate can outlive the authority that signs it',
  why: 'cert-manager lets an authority sign for longer than it lives itself, and stays Ready. On the day the authority ends, every certificate below it is refused at once, while each still looks valid.',
  standards: ['RFC 5280 6.1.3 (a)(2)', 'cert-manager documentation, CA issuer: "Important Information"'],
  fix: 'let the authority be renewed (renewBefore) at least one life of a leaf before it ends, or shorten the leaf',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: shop-ca, namespace: cert-manager }
spec:
  isCA: true
  commonName: shop CA
  duration: 2160h
  secretName: shop-ca
  privateKey: { rotationPolicy: Never }
  issuerRef: { kind: ClusterIssuer, name: selfsigned }
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: shop-ca }
spec: { ca: { secretName: shop-ca } }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  duration: 8760h
  secretName: orders-tls
  usages: [server auth]
  issuerRef: { kind: ClusterIssuer, name: shop-ca }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: shop-ca, namespace: cert-manager }
spec:
  isCA: true
  commonName: shop CA
  duration: 87600h
  renewBefore: 17520h
  secretName: shop-ca
  privateKey: { rotationPolicy: Never }
  issuerRef: { kind: ClusterIssuer, name: selfsigned }
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: shop-ca }
spec: { ca: { secretName: shop-ca } }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  duration: 2160h
  secretName: orders-tls
  usages: [server auth]
  issuerRef: { kind: ClusterIssuer, name: shop-ca }
`,
  *check(world) {
    for (const leaf of world.certificates) {
      const issuer = world.issuerOf(leaf);
      const authority = issuer && world.authorityOf(issuer);
      if (!authority || authority === leaf) continue;
      const related = [{ object: authority.object, path: ['spec'], text: 'the authority' }];
      const path = isSet(leaf.spec, 'duration') ? ['spec', 'duration'] : ['spec'];
      if (leaf.duration > authority.duration)
        yield {
          object: leaf.object,
          path,
          message: `lives ${durationText(leaf.duration)}, longer than its authority with ${durationText(authority.duration)}`,
          severity: 'error',
          related,
        };
      else if (leaf.duration > authority.renewBefore)
        yield {
          object: leaf.object,
          path,
          message: `lives ${durationText(leaf.duration)}, but its authority is renewed only ${durationText(authority.renewBefore)} before its end: a leaf of the last days outlives it`,
          related,
        };
    }
  },
};
