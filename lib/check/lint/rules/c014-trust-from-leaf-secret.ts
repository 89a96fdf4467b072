import type { Rule } from '../rule.js';
import { isSet, listAt, textAt } from '../values.js';
import type { VolumeSource } from '../world.js';
import { argumentsOf, environment } from './_containers.js';

export const trustFromLeafSecret: Rule = {
  code: 'SMT-C014',
  name: 'trust-from-leaf-secret',
  severity: 'warning',
  persona: 'regular',
  summary: 'roots are taken from the ca.crt of a Certificate’s Secret',
  why: 'that file holds the authority of this one certificate as a best guess. While a root is replaced it can never hold both, so those who were renewed and those who were not refuse each other.',
  standards: ['cert-manager documentation, FAQ: ca.crt; trust: "do not mount ca.crt"', 'cert-manager issue 5851'],
  fix: 'mount the ConfigMap of a trust-manager Bundle, which can hold the old and the new root',
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
  volumes:
    - name: trust
      secret:
        secretName: orders-tls
        defaultMode: 0400
        items: [{ key: ca.crt, path: ca.crt }]
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
  volumes:
    - name: trust
      configMap:
        name: shop-ca-bundle
        items: [{ key: ca.crt, path: ca.crt }]
`,
  *check(world) {
    for (const workload of world.workloads) {
      const uses = world.certificateVolumes(workload);
      for (const { source } of uses) {
        const item = listAt(source.value, 'items').findIndex(value => textAt(value, 'key') === 'ca.crt');
        if (item >= 0)
          yield {
            object: workload.object,
            path: [...source.path, 'items', item],
            message: `roots come from the ca.crt of Secret ${source.name}`,
          };
      }
      for (const container of uses.length === 0 ? [] : workload.containers) {
        const files = listAt(container.value, 'volumeMounts').flatMap(mount => {
          const use = uses.find(
            ({ source }) => source.volume === textAt(mount, 'name') && !isSet(source.value, 'items') && isOwnVolume(source),
          );
          return use ? [{ file: `${textAt(mount, 'mountPath').replace(/\/$/, '')}/ca.crt`, secret: use.source.name }] : [];
        });
        for (const { file, secret } of files) {
          const place =
            environment(container).find(({ value }) => value.split(/[:,;=\s]/).includes(file)) ??
            argumentsOf(container).find(({ text }) => text.split(/[:,;=\s]/).includes(file));
          if (place) yield { object: workload.object, path: place.path, message: `roots come from the ca.crt of Secret ${secret}` };
        }
      }
    }
  },
};

/** Not a part of a projected volume, where a bundle may stand beside it under the same file name. */
const isOwnVolume = (source: VolumeSource): boolean => !source.path.includes('projected');
