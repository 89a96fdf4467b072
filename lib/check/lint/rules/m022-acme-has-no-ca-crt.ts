import type { Rule } from '../rule.js';
import { listAt, textAt } from '../values.js';

export const acmeHasNoCaCrt: Rule = {
  code: 'SMT-M022',
  name: 'acme-has-no-ca-crt',
  severity: 'error',
  persona: 'regular',
  summary: 'a pod mounts ca.crt of a certificate from an ACME issuer',
  why: 'such a Secret has no ca.crt: the volume fails with FailedMount and the pod never starts.',
  standards: ['cert-manager documentation, FAQ: ca.crt'],
  fix: 'take roots from a trust-manager Bundle, for a public authority with useDefaultCAs',
  bad: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: letsencrypt }
spec: { acme: { server: 'https://acme-v02.api.letsencrypt.org/directory', privateKeySecretRef: { name: account } } }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: shop, namespace: shop }
spec: { dnsNames: [shop.example.com], secretName: shop, usages: [server auth], issuerRef: { kind: ClusterIssuer, name: letsencrypt } }
---
apiVersion: v1
kind: Pod
metadata: { name: shop, namespace: shop }
spec:
  containers: [{ name: a, image: shop:1 }]
  volumes: [{ name: tls, secret: { secretName: shop, defaultMode: 0400, items: [{ key: ca.crt, path: ca.crt }] } }]
`,
  good: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: letsencrypt }
spec: { acme: { server: 'https://acme-v02.api.letsencrypt.org/directory', privateKeySecretRef: { name: account } } }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: shop, namespace: shop }
spec: { dnsNames: [shop.example.com], secretName: shop, usages: [server auth], issuerRef: { kind: ClusterIssuer, name: letsencrypt } }
---
apiVersion: v1
kind: Pod
metadata: { name: shop, namespace: shop }
spec:
  containers: [{ name: a, image: shop:1 }]
  volumes: [{ name: tls, secret: { secretName: shop, defaultMode: 0400, items: [{ key: tls.crt, path: tls.crt }, { key: tls.key, path: tls.key }] } }]
`,
  *check(world) {
    for (const workload of world.workloads)
      for (const { source, certificate } of world.certificateVolumes(workload)) {
        const item = listAt(source.value, 'items').findIndex(value => textAt(value, 'key') === 'ca.crt');
        if (item >= 0 && source.value.optional !== true && world.issuerOf(certificate)?.type === 'acme')
          yield {
            object: workload.object,
            path: [...source.path, 'items', item],
            message: `Secret ${source.name} from an ACME issuer has no ca.crt`,
          };
      }
  },
};
