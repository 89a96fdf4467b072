import type { Rule } from '../rule.js';
import { bundlesOf } from './_bundles.js';

export const bundleSourceElsewhere: Rule = {
  code: 'SMT-M025',
  name: 'bundle-source-elsewhere',
  severity: 'error',
  persona: 'regular',
  summary: 'a source of a trust bundle lies outside of the namespace where trust-manager looks',
  why: 'sources come from the trust namespace alone, by default cert-manager. The Bundle ends as SourceNotFound and reaches no namespace.',
  standards: ['trust-manager documentation: "trust namespace"', 'trust-manager issues 120, 205'],
  fix: 'put the source into the namespace of trust-manager',
  bad: `
apiVersion: v1
kind: ConfigMap
metadata: { name: shop-roots, namespace: shop }
---
apiVersion: trust.cert-manager.io/v1alpha1
kind: Bundle
metadata: { name: shop }
spec:
  sources: [{ configMap: { name: shop-roots, key: ca.crt } }]
  target: { configMap: { key: ca.crt }, namespaceSelector: {} }
`,
  good: `
apiVersion: v1
kind: ConfigMap
metadata: { name: shop-roots, namespace: cert-manager }
---
apiVersion: trust.cert-manager.io/v1alpha1
kind: Bundle
metadata: { name: shop }
spec:
  sources: [{ configMap: { name: shop-roots, key: ca.crt } }]
  target: { configMap: { key: ca.crt }, namespaceSelector: {} }
`,
  *check(world) {
    const home = world.settings.trustNamespace;
    for (const { object, sources } of bundlesOf(world))
      for (const { kind, name, path } of sources) {
        if ((kind !== 'Secret' && kind !== 'ConfigMap') || name === '') continue;
        const written = world.objects.ofKind(kind, '').filter(({ metadata }) => metadata.name === name);
        const makers = kind === 'Secret' ? world.writersAnywhere(name).map(writer => writer.object) : [];
        const all = [...written, ...makers].filter(({ metadata }) => (metadata.namespace ?? '') !== '');
        const [elsewhere] = all;
        if (elsewhere && all.every(({ metadata }) => metadata.namespace !== home))
          yield {
            object,
            path,
            message: `${kind} ${name} is in namespace ${elsewhere.metadata.namespace}, trust-manager looks in ${home}`,
            related: [{ object: elsewhere, path: ['metadata', 'namespace'], text: 'it is here' }],
          };
      }
  },
};
