import type { Rule } from '../rule.js';
import { isSet } from '../values.js';

export const bundleWithoutNamespaces: Rule = {
  code: 'SMT-M026',
  name: 'bundle-without-namespaces',
  severity: 'note',
  persona: 'pedantic',
  summary: 'a Bundle does not say which namespaces it is for',
  why: 'today it means all of them; trust-manager has announced that it will mean its own namespace alone, and then every pod that mounts the ConfigMap fails to start.',
  standards: ['trust-manager documentation: "namespaceSelector"'],
  fix: 'write namespaceSelector: {} for all, or name the namespaces',
  fixable: true,
  bad: `
apiVersion: trust.cert-manager.io/v1alpha1
kind: Bundle
metadata: { name: shop }
spec:
  sources:
    - configMap: { name: shop-roots, key: ca.crt }
  target:
    configMap:
      key: ca.crt
`,
  good: `
apiVersion: trust.cert-manager.io/v1alpha1
kind: Bundle
metadata: { name: shop }
spec:
  sources:
    - configMap: { name: shop-roots, key: ca.crt }
  target:
    configMap:
      key: ca.crt
    namespaceSelector: {}
`,
  *check({ objects }) {
    for (const object of objects.ofKind('Bundle', 'trust.cert-manager.io')) {
      const path = ['spec', 'target'];
      if (isSet(object, ...path) && !isSet(object, ...path, 'namespaceSelector'))
        yield {
          object,
          path,
          message: 'the target names no namespaces',
          edits: [{ kind: 'add', path, key: 'namespaceSelector', value: '{}' }],
        };
    }
  },
};
