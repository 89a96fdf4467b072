import { objectName } from '../../../objects/index.js';
import type { Rule } from '../rule.js';
import { groupBy } from '../values.js';

export const keySharedByWorkloads: Rule = {
  code: 'SMT-C011',
  name: 'key-shared-by-workloads',
  severity: 'warning',
  persona: 'regular',
  summary: 'several workloads mount the key of one certificate',
  why: 'they have one identity between them, and each can play the server of the others. Often a client mounts the Secret of its server for the sake of ca.crt, and gets its private key as well.',
  standards: ['cert-manager documentation, trust: "mount the Secret of the server"', 'NIST SP 800-57 part 1 r5 5.2'],
  fix: 'give each workload its own Certificate, and take roots from a bundle',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  usages: [server auth]
  issuerRef: { name: ca }
---
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec:
  containers: [{ name: a, image: orders:1 }]
  volumes: [{ name: tls, secret: { secretName: orders-tls, defaultMode: 0400 } }]
---
apiVersion: v1
kind: Pod
metadata: { name: cart, namespace: shop }
spec:
  containers: [{ name: a, image: cart:1 }]
  volumes: [{ name: tls, secret: { secretName: orders-tls, defaultMode: 0400 } }]
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  usages: [server auth]
  issuerRef: { name: ca }
---
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec:
  containers: [{ name: a, image: orders:1 }]
  volumes: [{ name: tls, secret: { secretName: orders-tls, defaultMode: 0400 } }]
---
apiVersion: v1
kind: Pod
metadata: { name: cart, namespace: shop }
spec:
  containers: [{ name: a, image: cart:1 }]
  volumes: [{ name: trust, configMap: { name: shop-ca-bundle } }]
`,
  *check(world) {
    const mounts = world.workloads.flatMap(workload => {
      const seen = new Map(world.certificateVolumes(workload).map(use => [use.source.name, use]));
      return [...seen.values()].map(({ source }) => ({ workload, source }));
    });
    for (const group of groupBy(mounts, ({ workload, source }) => `${workload.namespace}/${source.name}`).values()) {
      const [first, ...others] = group;
      for (const { workload, source } of others)
        if (first && workload.object.metadata.name !== first.workload.object.metadata.name)
          yield {
            object: workload.object,
            path: source.path,
            message: `the key in Secret ${source.name} is also mounted by ${objectName(first.workload.object)}`,
            related: [{ object: first.workload.object, path: first.source.path, text: 'also mounted here' }],
          };
    }
  },
};
