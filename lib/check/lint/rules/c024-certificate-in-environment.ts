import type { Rule } from '../rule.js';
import { listAt, textAt } from '../values.js';
import { environment } from './_containers.js';

export const certificateInEnvironment: Rule = {
  code: 'SMT-C024',
  name: 'certificate-in-environment',
  severity: 'error',
  persona: 'regular',
  summary: 'a certificate or its key is passed by environment variables',
  why: 'an environment never changes while the process lives, so a renewed certificate never arrives; and it shows the key in crash dumps and to every child process.',
  standards: ['CIS Kubernetes Benchmark 1.12, 5.4.1', 'OWASP Kubernetes Top 10 2025 K03'],
  fix: 'mount the Secret as a volume and let the process read the files',
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
      env: [{ name: TLS_KEY, valueFrom: { secretKeyRef: { name: orders-tls, key: tls.key } } }]
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
      env: [{ name: TLS_KEY_FILE, value: /etc/tls/tls.key }]
`,
  *check(world) {
    for (const { object, namespace, containers } of world.workloads)
      for (const container of containers) {
        for (const { name, from, path } of environment(container)) {
          const secret = textAt(from, 'secretKeyRef', 'name');
          if (secret !== '' && world.isCertificateSecret(namespace, secret))
            yield {
              object,
              path: [...path, 'valueFrom'],
              message: `${name} takes ${textAt(from, 'secretKeyRef', 'key')} of Secret ${secret} once, at the start`,
            };
        }
        for (const [index, source] of listAt(container.value, 'envFrom').entries()) {
          const secret = textAt(source, 'secretRef', 'name');
          if (secret !== '' && world.isCertificateSecret(namespace, secret))
            yield { object, path: [...container.path, 'envFrom', index], message: `all of Secret ${secret} becomes environment variables` };
        }
      }
  },
};
