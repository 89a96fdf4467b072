import type { Rule } from '../rule.js';
import { listAt, textAt } from '../values.js';
import { bundlesOf } from './_bundles.js';

export const mountedBySubpath: Rule = {
  code: 'SMT-C022',
  name: 'mounted-by-subpath',
  severity: 'error',
  persona: 'regular',
  summary: 'a certificate or a trust bundle is mounted by subPath',
  why: 'the kubelet never updates a subPath mount: the process keeps the certificate of its start until it expires, however often it is renewed.',
  standards: ['Kubernetes documentation, Secrets: "mounted Secrets are updated automatically"', 'CIS Kubernetes Benchmark 1.12, 5.4.1'],
  fix: 'mount the whole volume into a folder of its own and point the process to the files in it',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], secretName: orders-tls, usages: [server auth], issuerRef: { name: ca } }
---
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec:
  containers:
    - name: a
      image: orders:1
      volumeMounts: [{ name: tls, mountPath: /etc/tls/tls.crt, subPath: tls.crt }]
  volumes: [{ name: tls, secret: { secretName: orders-tls, defaultMode: 0400 } }]
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], secretName: orders-tls, usages: [server auth], issuerRef: { name: ca } }
---
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec:
  containers:
    - name: a
      image: orders:1
      volumeMounts: [{ name: tls, mountPath: /etc/tls }]
  volumes: [{ name: tls, secret: { secretName: orders-tls, defaultMode: 0400 } }]
`,
  *check(world) {
    const bundles = new Set(bundlesOf(world).map(({ object }) => object.metadata.name));
    for (const workload of world.workloads) {
      const watched = new Map(
        workload.sources
          .filter(({ kind, name }) => (kind === 'Secret' ? world.isCertificateSecret(workload.namespace, name) : bundles.has(name)))
          .map(source => [source.volume, source]),
      );
      if (watched.size === 0) continue;
      for (const { value, path } of workload.containers)
        for (const [index, mount] of listAt(value, 'volumeMounts').entries()) {
          const source = watched.get(textAt(mount, 'name'));
          const field = ['subPath', 'subPathExpr'].find(name => textAt(mount, name) !== '');
          if (source && field !== undefined)
            yield {
              object: workload.object,
              path: [...path, 'volumeMounts', index, field],
              message: `${source.kind} ${source.name} is mounted by ${field} and never updated`,
            };
        }
    }
  },
};
