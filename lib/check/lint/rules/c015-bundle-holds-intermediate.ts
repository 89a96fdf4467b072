import { objectName, valueAt } from '../../../objects/index.js';
import type { Rule } from '../rule.js';
import { textAt } from '../values.js';
import { bundlesOf } from './_bundles.js';
import { certificatesIn } from './_pem.js';

export const bundleHoldsIntermediate: Rule = {
  code: 'SMT-C015',
  name: 'bundle-holds-intermediate',
  severity: 'warning',
  persona: 'regular',
  summary: 'a trust bundle trusts an intermediate',
  why: 'an intermediate in a bundle stays trusted after it was revoked or replaced, and whoever verifies by partial chains never reaches the root.',
  standards: ['trust-manager documentation: "never bundle intermediates"', 'RFC 5280 6.1.1 (d)'],
  fix: 'put the root into the bundle; servers send their intermediates',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: shop-ca, namespace: cert-manager }
spec:
  isCA: true
  commonName: shop intermediate
  secretName: shop-ca
  privateKey: { rotationPolicy: Never }
  issuerRef: { kind: ClusterIssuer, name: root }
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: root }
spec: { ca: { secretName: root } }
---
apiVersion: trust.cert-manager.io/v1alpha1
kind: Bundle
metadata: { name: shop }
spec:
  sources:
    - secret: { name: shop-ca, key: tls.crt }
    - configMap: { name: further-roots, key: ca.crt }
  target: { configMap: { key: ca.crt }, namespaceSelector: {} }
`,
  good: `
apiVersion: trust.cert-manager.io/v1alpha1
kind: Bundle
metadata: { name: shop }
spec:
  sources:
    - configMap: { name: shop-roots, key: ca.crt }
  target: { configMap: { key: ca.crt }, namespaceSelector: {} }
`,
  *check(world) {
    for (const { object, sources } of bundlesOf(world))
      for (const { kind, name, inline, path } of sources) {
        const writer = kind === 'Secret' ? world.writersOf(world.settings.trustNamespace, name)[0] : undefined;
        const issuer = writer && world.issuerOf(writer);
        if (writer && issuer?.type !== undefined && issuer.type !== 'selfSigned' && textAt(valueAt(object, path), 'key') !== 'ca.crt')
          yield {
            object,
            path,
            message: `Secret ${name} holds an intermediate: ${objectName(writer.object)} is issued by ${objectName(issuer.object)}`,
            related: [{ object: writer.object, path: ['spec', 'issuerRef'], text: 'its issuer' }],
          };
        for (const { certificate, index } of kind === 'inline' ? certificatesIn(inline) : [])
          if (certificate?.ca && certificate.subject !== certificate.issuer)
            yield { object, path, message: `certificate ${index + 1} of the inline text is an intermediate` };
      }
  },
};
