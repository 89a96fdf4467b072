import type { Rule } from '../rule.js';
import { mapAt, textAt } from '../values.js';

export const weakKeystore: Rule = {
  code: 'SMT-M023',
  name: 'weak-keystore',
  severity: 'warning',
  persona: 'regular',
  summary: 'a PKCS#12 keystore is encrypted with RC2 or DES',
  why: 'without a profile cert-manager uses LegacyRC2. OpenSSL 3 and Java 20 refuse to open such a file, and whoever has it breaks the encryption.',
  standards: ['RFC 9579', 'NIST SP 800-131A r2 2', 'cert-manager documentation, Certificate: keystores.pkcs12.profile'],
  fix: 'set profile: Modern2023, or Modern2026 where everything is new enough',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  usages: [server auth]
  keystores: { pkcs12: { create: true, passwordSecretRef: { name: keystore, key: password } } }
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
  keystores: { pkcs12: { create: true, profile: Modern2023, passwordSecretRef: { name: keystore, key: password } } }
  issuerRef: { name: ca }
`,
  *check({ certificates }) {
    for (const { object, spec } of certificates) {
      if (mapAt(spec, 'keystores', 'pkcs12').create !== true) continue;
      const profile = textAt(spec, 'keystores', 'pkcs12', 'profile');
      const path = ['spec', 'keystores', 'pkcs12', ...(profile === '' ? [] : ['profile'])];
      if (profile === '') yield { object, path, message: 'the default profile of a keystore is LegacyRC2' };
      else if (profile.startsWith('Legacy')) yield { object, path, message: `the profile ${profile} is broken encryption` };
    }
  },
};
