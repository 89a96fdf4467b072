import type { Rule } from '../rule.js';
import { textAt } from '../values.js';

export const issuerWithoutTls: Rule = {
  code: 'SMT-M019',
  name: 'issuer-without-tls',
  severity: 'error',
  persona: 'regular',
  summary: 'an issuer is reached without TLS, or without verifying it',
  why: 'whoever sits between takes the login of cert-manager and signs whatever he likes with it.',
  standards: ['NIST SP 800-52r2 3.1', 'NIST SP 800-204A 4.1'],
  fix: 'use https, and give the authority of the server in caBundle or caBundleSecretRef',
  bad: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: vault }
spec:
  vault:
    server: http://vault.vault.svc:8200
    path: pki_int/sign/shop
    auth: { kubernetes: { role: shop, serviceAccountRef: { name: vault-issuer } } }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: vault }
spec:
  vault:
    server: https://vault.vault.svc:8200
    caBundleSecretRef: { name: vault-ca, key: ca.crt }
    path: pki_int/sign/shop
    auth: { kubernetes: { role: shop, serviceAccountRef: { name: vault-issuer } } }
`,
  *check({ issuers }) {
    for (const { object, config, type } of issuers) {
      if (type === undefined) continue;
      for (const path of [['server'], ['tpp', 'url'], ['cloud', 'url']])
        if (/^http:\/\//i.test(textAt(config, ...path)))
          yield { object, path: ['spec', type, ...path], message: 'the issuer is reached without TLS' };
      if (config.skipTLSVerify === true)
        yield { object, path: ['spec', type, 'skipTLSVerify'], message: 'the certificate of the issuer is not verified' };
    }
  },
};
