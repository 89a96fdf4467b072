import type { Rule } from '../rule.js';
import { textAt } from '../values.js';

export const vaultPathNotSign: Rule = {
  code: 'SMT-M018',
  name: 'vault-path-not-sign',
  severity: 'error',
  persona: 'regular',
  summary: 'a Vault issuer uses an endpoint that is not the signing of a role',
  why: '"issue" makes a key of its own, so the certificate does not fit the one that cert-manager made; "sign-verbatim" copies whatever was asked for and passes over the bounds of the role.',
  standards: ['HashiCorp Vault PKI API', 'cert-manager documentation, Vault issuer'],
  fix: 'write <mount>/sign/<role>; for authorities <mount>/root/sign-intermediate',
  bad: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: vault }
spec:
  vault:
    server: https://vault.example.com:8200
    path: pki_int/issue/shop
    auth: { kubernetes: { role: shop, serviceAccountRef: { name: vault-issuer } } }
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
  *check(world) {
    for (const { object, config, type } of world.issuers) {
      const path = textAt(config, 'path');
      if (type !== 'vault' || path === '') continue;
      if (!/\/(?:sign|root\/sign-intermediate)(?:\/|$)/.test(path))
        yield { object, path: ['spec', 'vault', 'path'], message: `"${path}" is no path that signs by a role` };
    }
    for (const certificate of world.certificates) {
      const issuer = world.issuerOf(certificate);
      if (certificate.isCA && issuer?.type === 'vault' && !textAt(issuer.config, 'path').includes('sign-intermediate'))
        yield {
          object: certificate.object,
          path: ['spec', 'isCA'],
          message: `Vault ignores isCA on the path "${textAt(issuer.config, 'path')}" and signs a leaf`,
          fix: 'use an issuer with the path <mount>/root/sign-intermediate',
        };
    }
  },
};
