import { nearest } from '../../../fleet/did-you-mean.js';
import { objectName } from '../../../objects/index.js';
import type { Rule } from '../rule.js';

export const issuerNotFound: Rule = {
  code: 'SMT-C013',
  name: 'issuer-not-found',
  severity: 'error',
  persona: 'regular',
  summary: 'a Certificate names an issuer that is not there, or is in another namespace',
  why: 'its request waits for ever with the event IssuerNotFound, and the Secret never comes.',
  standards: ['cert-manager documentation, Issuer: "must be in the same namespace as the Certificate"'],
  fix: 'name an Issuer of the same namespace, or a ClusterIssuer',
  bad: `
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: { name: shop-ca, namespace: platform }
spec: { ca: { secretName: shop-ca } }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  usages: [server auth]
  issuerRef: { kind: Issuer, name: shop-ca }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: { name: shop-ca, namespace: shop }
spec: { ca: { secretName: shop-ca } }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  usages: [server auth]
  issuerRef: { kind: Issuer, name: shop-ca }
`,
  *check(world) {
    for (const certificate of world.certificates) {
      const { object, issuerRef, namespace } = certificate;
      if (issuerRef.group !== 'cert-manager.io' || issuerRef.name === '' || world.issuerOf(certificate)) continue;
      const path = ['spec', 'issuerRef', 'name'];
      const namesake = world.issuers.find(
        ({ name, kind, namespace: other }) => name === issuerRef.name && (kind !== issuerRef.kind || other !== namespace),
      );
      const ofKind = world.issuers.filter(
        ({ kind, namespace: other }) => kind === issuerRef.kind && (kind === 'ClusterIssuer' || other === namespace),
      );
      const meant = nearest(
        issuerRef.name,
        ofKind.map(({ name }) => name),
      );
      if (namesake)
        yield {
          object,
          path,
          message: `there is no ${issuerRef.kind} "${issuerRef.name}" here, but ${objectName(namesake.object)}`,
          related: [{ object: namesake.object, path: ['metadata', 'name'], text: 'the issuer of that name' }],
          fix:
            namesake.kind === 'ClusterIssuer'
              ? 'write kind: ClusterIssuer beside the name'
              : 'make it a ClusterIssuer, or put an Issuer into this namespace',
        };
      else if (meant !== undefined)
        yield { object, path, message: `there is no ${issuerRef.kind} "${issuerRef.name}", did you mean "${meant}"?` };
      else
        yield {
          object,
          path,
          message: `${issuerRef.kind} "${issuerRef.name}" is not among these files`,
          severity: 'note',
          persona: 'auditor',
        };
    }
  },
};
