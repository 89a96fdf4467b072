import type { Rule } from '../rule.js';
import { textAt } from '../values.js';

export const clusterIssuerSecretElsewhere: Rule = {
  code: 'SMT-M012',
  name: 'cluster-issuer-secret-elsewhere',
  severity: 'error',
  persona: 'regular',
  summary: 'the Secret of a ClusterIssuer is written in a namespace where cert-manager does not look',
  why: 'it looks in its cluster resource namespace alone, by default cert-manager. The issuer is not ready with ErrGetKeyPair, the most frequent fault of all.',
  standards: ['cert-manager documentation, CA issuer: "cluster resource namespace"', 'cert-manager issues 650, 7120'],
  fix: 'put the Certificate of the authority into the namespace of cert-manager, or use an Issuer',
  bad: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: shop-ca }
spec: { ca: { secretName: shop-ca } }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: shop-ca, namespace: shop }
spec:
  isCA: true
  commonName: shop CA
  secretName: shop-ca
  privateKey: { rotationPolicy: Never }
  issuerRef: { kind: ClusterIssuer, name: selfsigned }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: shop-ca }
spec: { ca: { secretName: shop-ca } }
---
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
  *check(world) {
    for (const issuer of world.issuers) {
      if (issuer.kind !== 'ClusterIssuer' || issuer.type !== 'ca' || world.authorityOf(issuer)) continue;
      const secret = textAt(issuer.config, 'secretName');
      const elsewhere = world.writersAnywhere(secret).find(({ isCA, namespace }) => isCA && namespace !== '');
      if (elsewhere)
        yield {
          object: issuer.object,
          path: ['spec', 'ca', 'secretName'],
          message: `Secret ${secret} is written in namespace ${elsewhere.namespace}, cert-manager looks in ${world.settings.clusterResourceNamespace}`,
          related: [{ object: elsewhere.object, path: ['metadata', 'namespace'], text: 'written here' }],
        };
    }
  },
};
