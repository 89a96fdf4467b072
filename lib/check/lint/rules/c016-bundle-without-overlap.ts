import { objectName } from '../../../objects/index.js';
import type { Rule } from '../rule.js';
import { textAt } from '../values.js';
import { bundlesOf } from './_bundles.js';

export const bundleWithoutOverlap: Rule = {
  code: 'SMT-C016',
  name: 'bundle-without-overlap',
  severity: 'warning',
  persona: 'regular',
  summary: 'a trust bundle has the live Secret of an issuer as its only source',
  why: 'when that authority gets a new key, the old root is gone from the bundle in the same second, and every certificate that it signed is refused.',
  standards: ['trust-manager documentation: "rotating roots" copies the root first', 'cert-manager issues 2478, 5851'],
  fix: 'copy the root into a ConfigMap and let the bundle read that, or add a second source for coming and going roots',
  bad: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: shop-ca }
spec: { ca: { secretName: shop-ca } }
---
apiVersion: trust.cert-manager.io/v1alpha1
kind: Bundle
metadata: { name: shop }
spec:
  sources: [{ secret: { name: shop-ca, key: tls.crt } }]
  target: { configMap: { key: ca.crt }, namespaceSelector: {} }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: shop-ca }
spec: { ca: { secretName: shop-ca } }
---
apiVersion: trust.cert-manager.io/v1alpha1
kind: Bundle
metadata: { name: shop }
spec:
  sources:
    - secret: { name: shop-ca, key: tls.crt }
    - configMap: { selector: { matchLabels: { shop/further-roots: 'true' } }, includeAllKeys: true }
  target: { configMap: { key: ca.crt }, namespaceSelector: {} }
`,
  *check(world) {
    const live = new Map(
      world.issuers.flatMap(issuer => (issuer.type === 'ca' ? [[textAt(issuer.config, 'secretName'), issuer] as const] : [])),
    );
    for (const { object, sources } of bundlesOf(world)) {
      const [only, ...others] = sources.filter(({ kind }) => kind !== 'defaultCAs');
      const issuer = only?.kind === 'Secret' ? live.get(only.name) : undefined;
      if (only && issuer && others.length === 0)
        yield {
          object,
          path: only.path,
          message: `the only source is Secret ${only.name}, from which ${objectName(issuer.object)} signs`,
          related: [{ object: issuer.object, path: ['spec', 'ca', 'secretName'], text: 'the issuer' }],
        };
    }
  },
};
