import type { Rule } from '../rule.js';
import { isSet } from '../values.js';

export const vaultStaticToken: Rule = {
  code: 'SMT-M015',
  name: 'vault-static-token',
  severity: 'warning',
  persona: 'regular',
  summary: 'an issuer logs in to Vault with a token from a Secret',
  why: 'cert-manager never renews it. When it ends, every renewal fails at once, and until then it is a credential that anybody can copy.',
  standards: ['cert-manager documentation, Vault issuer: "token authentication"', 'OWASP Kubernetes Top 10 2025 K03'],
  fix: 'use auth.kubernetes with serviceAccountRef: its tokens live ten minutes and are made for each request',
  bad: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: vault }
spec:
  vault:
    server: https://vault.example.com:8200
    path: pki_int/sign/shop
    auth: { tokenSecretRef: { name: vault-token, key: token } }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: vault }
spec:
  vault:
    server: https://vault.example.com:8200
    path: pki_int/sign/shop
    auth: { kubernetes: { role: shop, serviceAccountRef: { name: vault-issuer } } }
`,
  *check({ issuers }) {
    for (const { object, config, type } of issuers)
      if (type === 'vault' && isSet(config, 'auth', 'tokenSecretRef'))
        yield { object, path: ['spec', 'vault', 'auth', 'tokenSecretRef'], message: 'the token is never renewed' };
  },
};
