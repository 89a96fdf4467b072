import type { Rule } from '../rule.js';
import { isSet } from '../values.js';

export const keyBelowProfile: Rule = {
  code: 'SMT-C006',
  name: 'key-below-profile',
  severity: 'error',
  persona: 'regular',
  summary: 'the key is not one that the profile allows',
  why: 'an auditor who checks against that standard will not accept the certificate, and clients that are configured by it refuse the handshake.',
  standards: ['NIST SP 800-52r2 3.2.1', 'BSI TR-02102-1 (2026-01) 2.3.3, 5.3', 'CNSA 2.0', 'Mozilla Server Side TLS 5.8'],
  fix: 'set privateKey.algorithm and privateKey.size to what the profile names, with rotationPolicy Always so that the key really changes',
  example: { profile: 'bsi-tr-02102-2026' },
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  privateKey: { algorithm: RSA, size: 2048 }
  usages: [server auth]
  issuerRef: { name: ca }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  privateKey: { algorithm: ECDSA, size: 256 }
  usages: [server auth]
  issuerRef: { name: ca }
`,
  *check({ certificates, settings }) {
    for (const { object, key, spec } of certificates) {
      const problem = settings.profile.keyProblem(key);
      if (problem === undefined) continue;
      const field = ['size', 'algorithm'].find(name => isSet(spec, 'privateKey', name));
      yield { object, path: field === undefined ? ['spec'] : ['spec', 'privateKey', field], message: problem };
    }
  },
};
