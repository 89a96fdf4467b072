import type { Rule } from '../rule.js';
import { textAt } from '../values.js';

export const signatureBelowProfile: Rule = {
  code: 'SMT-C041',
  name: 'signature-below-profile',
  severity: 'error',
  persona: 'regular',
  summary: 'a request is signed with a hash that the profile does not allow',
  why: 'an auditor who checks against that standard does not accept it. The field bounds the request alone: the issuer chooses the hash of the certificate.',
  standards: ['CNSA 2.0', 'NIST SP 800-52r2 3.2.1'],
  fix: 'set signatureAlgorithm to one with SHA-384 or SHA-512, and the issuer likewise',
  example: { profile: 'cnsa2' },
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  privateKey: { algorithm: ECDSA, size: 384 }
  signatureAlgorithm: ECDSAWithSHA256
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
  privateKey: { algorithm: ECDSA, size: 384 }
  signatureAlgorithm: ECDSAWithSHA384
  usages: [server auth]
  issuerRef: { name: ca }
`,
  *check({ certificates, settings: { profile } }) {
    for (const { object, spec } of certificates) {
      const hash = /SHA\d+/.exec(textAt(spec, 'signatureAlgorithm'))?.[0];
      if (hash !== undefined && !profile.hashes.includes(hash))
        yield {
          object,
          path: ['spec', 'signatureAlgorithm'],
          message: `${hash} is not among ${profile.hashes.join(' and ')} of the profile ${profile.name}`,
        };
    }
  },
};
