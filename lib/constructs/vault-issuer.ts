import { Construct } from 'constructs';
import type { AuthorityPlan, Plan, VaultPlan } from '../fleet/plan.js';
import { vaultPolicy, vaultRole } from './_vault-role.js';
import { CertificateIssuer } from './ca-certificate.js';
import { Manifest } from './manifest.js';
import { CERT_MANAGER_SERVICE_ACCOUNT, fleetLabels } from './names.js';
import { OutputFile } from './output-file.js';

type KubernetesAuth = Extract<VaultPlan['auth'], { kind: 'kubernetes' }>;

export interface VaultIssuerProps {
  readonly plan: Plan;
  readonly authority: AuthorityPlan;
  readonly vault: VaultPlan;
}

/**
 * A Vault issuer, the account with which it logs in, and what Vault itself has to be told:
 * `vault/policy.hcl` and `vault/role.json`, derived from the fleet's certificates.
 */
export class VaultIssuer extends Construct {
  constructor(scope: Construct, id: string, props: VaultIssuerProps) {
    super(scope, id);
    const { plan, authority, vault } = props;
    const labels = fleetLabels(plan);
    // A ClusterIssuer reads Secrets and accounts in cert-manager's own namespace.
    const namespace = authority.issuerNamespace ?? plan.certManagerNamespace;
    new CertificateIssuer(this, 'issuer', {
      issuerRef: authority.issuerRef,
      namespace: authority.issuerNamespace,
      labels,
      spec: { vault: vaultSpec(vault) },
    });
    if (vault.auth.kind === 'kubernetes' && vault.auth.createServiceAccount) {
      this.addServiceAccount(vault.auth, namespace, plan.certManagerNamespace, labels);
    }
    new OutputFile(this, 'policy', { path: 'vault/policy.hcl', content: vaultPolicy(plan, authority, vault, namespace) });
    new OutputFile(this, 'role', { path: 'vault/role.json', content: `${JSON.stringify(vaultRole(plan), null, 2)}\n` });
  }

  /** cert-manager asks for this account's token; since 1.21 its chart no longer brings the right to do so. */
  private addServiceAccount(auth: KubernetesAuth, namespace: string, certManagerNamespace: string, labels: Record<string, string>): void {
    const account = auth.serviceAccount;
    const metadata = { name: `${account}-token`, namespace, labels };
    new Manifest(this, 'service-account', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: account, namespace, labels },
      automountServiceAccountToken: false,
    });
    new Manifest(this, 'token-role', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata,
      rules: [{ apiGroups: [''], resources: ['serviceaccounts/token'], resourceNames: [account], verbs: ['create'] }],
    });
    new Manifest(this, 'token-role-binding', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: CERT_MANAGER_SERVICE_ACCOUNT, namespace: certManagerNamespace }],
    });
  }
}

function vaultSpec(vault: VaultPlan): Record<string, unknown> {
  return {
    server: vault.server,
    path: vault.path,
    ...(vault.namespace !== undefined && { namespace: vault.namespace }),
    ...(vault.caBundle !== undefined && { caBundle: vault.caBundle }),
    ...(vault.caBundleSecret && { caBundleSecretRef: { name: vault.caBundleSecret.name, key: vault.caBundleSecret.key } }),
    auth: vaultAuth(vault.auth),
  };
}

function vaultAuth(auth: VaultPlan['auth']): Record<string, unknown> {
  if (auth.kind === 'appRole') {
    return { appRole: { path: auth.path, roleId: auth.roleId, secretRef: { name: auth.secret.name, key: auth.secret.key } } };
  }
  return {
    kubernetes: {
      role: auth.role,
      mountPath: auth.mountPath,
      serviceAccountRef: { name: auth.serviceAccount, ...(auth.audiences.length > 0 && { audiences: auth.audiences }) },
    },
  };
}
