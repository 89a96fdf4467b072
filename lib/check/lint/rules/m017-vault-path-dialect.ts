import type { Rule } from '../rule.js';
import { textAt } from '../values.js';

export const vaultPathDialect: Rule = {
  code: 'SMT-M017',
  name: 'vault-path-dialect',
  severity: 'error',
  persona: 'regular',
  summary: 'a path of a Vault issuer is written in the way of another field',
  why: 'path is written without /v1, mountPath with /v1/auth/, and appRole.path as the bare mount. Anything else ends in 403, 404 or 405 at the first request, while the issuer is ready.',
  standards: ['cert-manager documentation, Vault issuer', 'cert-manager internal/vault/vault.go'],
  fix: 'path: pki_int/sign/role; mountPath: /v1/auth/kubernetes; appRole.path: approle',
  bad: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: vault }
spec:
  vault:
    server: https://vault.example.com:8200
    path: /v1/pki_int/sign/shop
    auth: { kubernetes: { role: shop, mountPath: /v1/auth/kubernetes, serviceAccountRef: { name: vault-issuer } } }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: vault }
spec:
  vault:
    server: https://vault.example.com:8200
    path: pki_int/sign/shop
    auth: { kubernetes: { role: shop, mountPath: /v1/auth/kubernetes, serviceAccountRef: { name: vault-issuer } } }
`,
  *check({ issuers }) {
    for (const { object, config, type } of issuers) {
      if (type !== 'vault') continue;
      if (/^\/?v1\//.test(textAt(config, 'path')))
        yield { object, path: ['spec', 'vault', 'path'], message: 'the path of the role starts with v1' };
      for (const method of ['kubernetes', 'clientCertificate', 'aws']) {
        const mount = textAt(config, 'auth', method, 'mountPath');
        if (mount !== '' && !mount.startsWith('/v1/auth/'))
          yield {
            object,
            path: ['spec', 'vault', 'auth', method, 'mountPath'],
            message: `mountPath "${mount}" does not start with /v1/auth/`,
          };
      }
      const role = textAt(config, 'auth', 'appRole', 'path');
      if (/^\/|^(?:v1|auth)\//.test(role))
        yield { object, path: ['spec', 'vault', 'auth', 'appRole', 'path'], message: `"${role}" is not the bare name of a mount` };
    }
  },
};
