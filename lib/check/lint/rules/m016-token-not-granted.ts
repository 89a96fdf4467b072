import type { Rule } from '../rule.js';
import { textAt } from '../values.js';
import { boundAccounts, grants } from './_rbac.js';

export const tokenNotGranted: Rule = {
  code: 'SMT-M016',
  name: 'token-not-granted',
  severity: 'warning',
  persona: 'regular',
  summary: 'cert-manager may not make tokens of the ServiceAccount with which an issuer logs in to Vault',
  why: 'the issuer is not ready: "cannot create resource serviceaccounts/token". The chart of cert-manager gave no such right after 1.20.',
  standards: ['cert-manager documentation, Vault issuer: "secretless authentication"', 'cert-manager issue 7112'],
  fix: 'bind a Role with verb create on serviceaccounts/token and that resourceName to the ServiceAccount of cert-manager',
  bad: `
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: { name: vault, namespace: shop }
spec:
  vault:
    server: https://vault.example.com:8200
    path: pki_int/sign/shop
    auth: { kubernetes: { role: shop, serviceAccountRef: { name: vault-issuer } } }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: vault-issuer, namespace: shop }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: { name: vault, namespace: shop }
spec:
  vault:
    server: https://vault.example.com:8200
    path: pki_int/sign/shop
    auth: { kubernetes: { role: shop, serviceAccountRef: { name: vault-issuer } } }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: vault-issuer, namespace: shop }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: vault-issuer, namespace: shop }
rules: [{ apiGroups: [''], resources: [serviceaccounts/token], resourceNames: [vault-issuer], verbs: [create] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: vault-issuer, namespace: shop }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: vault-issuer }
subjects: [{ kind: ServiceAccount, name: cert-manager, namespace: cert-manager }]
`,
  *check(world) {
    const making = grants(world, '', 'serviceaccounts/token', 'create');
    for (const { object, config, type, namespace } of world.issuers) {
      const account = textAt(config, 'auth', 'kubernetes', 'serviceAccountRef', 'name');
      const home = namespace ?? world.settings.clusterResourceNamespace;
      // an account that is not here was made elsewhere, and its rights as well
      if (type !== 'vault' || account === '' || !world.objects.get('ServiceAccount', home === '' ? undefined : home, account, '')) continue;
      const granted = making.some(
        ({ role, names, namespace: at }) =>
          (at === undefined || at === home) && (names.length === 0 || names.includes(account)) && boundAccounts(world, role).length > 0,
      );
      if (!granted)
        yield {
          object,
          path: ['spec', 'vault', 'auth', 'kubernetes', 'serviceAccountRef', 'name'],
          message: `no Role here lets cert-manager make tokens of ServiceAccount ${account}`,
        };
    }
  },
};
