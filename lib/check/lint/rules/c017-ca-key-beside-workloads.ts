import type { Rule } from '../rule.js';
import { listAt, textAt } from '../values.js';
import type { VolumeSource } from '../world.js';

export const caKeyBesideWorkloads: Rule = {
  code: 'SMT-C017',
  name: 'ca-key-beside-workloads',
  severity: 'error',
  persona: 'regular',
  summary: 'the key of an authority is mounted by a workload, or lies in a namespace of workloads',
  why: 'whoever may read Secrets in that namespace, or takes over that pod, can sign any name.',
  standards: ['CIS Kubernetes Benchmark 1.12, 5.1.2', 'NIST SP 800-57 part 1 r5 5.2', 'OWASP Kubernetes Top 10 2025 K03'],
  fix: 'keep the Secret of an authority in the namespace of cert-manager, behind a ClusterIssuer, and mount roots from a bundle',
  bad: `
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: { name: shop-ca, namespace: shop }
spec: { ca: { secretName: shop-ca } }
---
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec:
  containers: [{ name: a, image: orders:1 }]
  volumes: [{ name: trust, secret: { secretName: shop-ca } }]
`,
  good: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: shop-ca }
spec: { ca: { secretName: shop-ca } }
---
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec:
  containers: [{ name: a, image: orders:1 }]
  volumes: [{ name: trust, configMap: { name: shop-roots } }]
`,
  *check(world) {
    for (const issuer of world.issuers) {
      if (issuer.type !== 'ca') continue;
      const secret = textAt(issuer.config, 'secretName');
      const workloads = world.workloadsIn(issuer.namespace ?? world.settings.clusterResourceNamespace);
      const related = [{ object: issuer.object, path: ['spec', 'ca', 'secretName'], text: 'the issuer that signs with it' }];
      for (const workload of workloads)
        for (const source of workload.sources)
          if (source.kind === 'Secret' && source.name === secret && !hidesKey(source))
            yield { object: workload.object, path: source.path, message: `mounts Secret ${secret} with the key of an authority`, related };
      if (issuer.namespace !== undefined && workloads.length > 0)
        yield {
          object: issuer.object,
          path: ['spec', 'ca', 'secretName'],
          message: `the key of this authority lies beside the workloads of namespace ${issuer.namespace || 'of the release'}`,
          severity: 'note',
          persona: 'pedantic',
        };
    }
  },
};

function hidesKey(source: VolumeSource): boolean {
  const keys = listAt(source.value, 'items').map(item => textAt(item, 'key'));
  return keys.length > 0 && !keys.includes('tls.key');
}
