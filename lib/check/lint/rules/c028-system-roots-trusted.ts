import type { Rule } from '../rule.js';
import { bundlesOf } from './_bundles.js';
import { environment } from './_containers.js';

export const systemRootsTrusted: Rule = {
  code: 'SMT-C028',
  name: 'system-roots-trusted',
  severity: 'warning',
  persona: 'regular',
  summary: 'public authorities are trusted beside the private one',
  why: 'whoever gets a certificate from any of some 140 public authorities for a name that a service checks is let in as that service.',
  standards: ['NIST SP 800-52r2 4.5.2', 'RFC 5280 6.1.1 (d)'],
  fix: 'let mutual TLS trust the private roots alone; keep public ones for calls to the internet',
  bad: `
apiVersion: trust.cert-manager.io/v1alpha1
kind: Bundle
metadata: { name: shop }
spec:
  sources:
    - useDefaultCAs: true
    - configMap: { name: shop-roots, key: ca.crt }
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
    for (const { object, sources } of bundlesOf(world)) {
      const system = sources.find(({ kind }) => kind === 'defaultCAs');
      if (system && sources.length > 1) yield { object, path: system.path, message: 'one bundle trusts public and private authorities' };
    }
    for (const { object, containers } of world.workloads)
      for (const container of containers)
        for (const { name, path } of environment(container))
          if (name === 'NODE_EXTRA_CA_CERTS')
            yield {
              object,
              path: [...path, 'name'],
              message: 'NODE_EXTRA_CA_CERTS adds to the public authorities, it does not replace them',
              persona: 'pedantic',
            };
  },
};
