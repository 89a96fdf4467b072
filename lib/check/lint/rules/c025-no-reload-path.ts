import type { Rule } from '../rule.js';
import { environment } from './_containers.js';

export const noReloadPath: Rule = {
  code: 'SMT-C025',
  name: 'no-reload-path',
  severity: 'note',
  persona: 'auditor',
  summary: 'nothing in the manifest makes a workload take a renewed certificate',
  why: 'a process that reads its files once serves the old certificate until it is restarted, and fails on the day of its end although cert-manager renewed in time.',
  standards: ['cert-manager documentation, FAQ: "when are certificates reloaded"', 'cert-manager issues 1168, 1440'],
  fix: 'use a library that reloads, or annotate the workload for Reloader: secret.reloader.stakater.com/reload',
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
  containers: [{ name: a, image: orders:1 }]
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
metadata:
  name: orders
  namespace: shop
  annotations: { secret.reloader.stakater.com/reload: orders-tls }
spec:
  containers: [{ name: a, image: orders:1 }]
  volumes: [{ name: tls, secret: { secretName: orders-tls, defaultMode: 0400 } }]
`,
  *check(world) {
    for (const workload of world.workloads) {
      const [use] = world.certificateVolumes(workload);
      const annotations = Object.keys({ ...workload.object.metadata.annotations, ...workload.annotations });
      // the runtimes that read policy.json reload
      const reads = workload.containers.some(container => environment(container).some(({ name }) => name === 'MTLS_POLICY_PATH'));
      if (use && !reads && !annotations.some(name => /reloader|cert-manager\.io\/restart|checksum/.test(name)))
        yield { object: workload.object, path: use.source.path, message: `nothing here reloads Secret ${use.source.name} after a renewal` };
    }
  },
};
