import type { Rule } from '../rule.js';
import { textAt } from '../values.js';

export const keystorePasswordInManifest: Rule = {
  code: 'SMT-M024',
  name: 'keystore-password-in-manifest',
  severity: 'warning',
  persona: 'regular',
  summary: 'the password of a keystore stands in the Certificate',
  why: 'everybody who may read Certificates or the repository knows it. Where the password protects nothing, say so by the well-known one of the tool instead.',
  standards: ['OWASP Kubernetes Top 10 2025 K03', 'CIS Kubernetes Benchmark 1.12, 5.4.2'],
  fix: 'put it into a Secret and name that in passwordSecretRef',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  usages: [server auth]
  keystores: { jks: { create: true, password: hunter2 } }
  issuerRef: { name: ca }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  usages: [server auth]
  keystores: { jks: { create: true, passwordSecretRef: { name: keystore, key: password } } }
  issuerRef: { name: ca }
`,
  *check({ certificates }) {
    for (const { object, spec } of certificates)
      for (const store of ['jks', 'pkcs12'])
        if (!['', 'changeit'].includes(textAt(spec, 'keystores', store, 'password')))
          yield { object, path: ['spec', 'keystores', store, 'password'], message: 'the password of the keystore stands in the manifest' };
  },
};
