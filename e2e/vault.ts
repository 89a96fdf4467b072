import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from './claim.js';
import { programImage } from './images/catalogue.js';
import { importImage } from './node/containers.js';
import { until } from './node/processes.js';
import { pointName, publicServerCertificate } from './public-servers.js';

const NAMESPACE = 'vault';
const NAME = 'vault.example.com';

/**
 * Vault's PKI engine behind a small server (e2e/tools/vault-pki), set up with the role and the policy that an environment is
 * rendered with; it answers as https://vault.example.com:8200. Returns its root, PEM.
 */
export async function startVault(context: Context, environment: string, fleet: string): Promise<string> {
  const { kubectl } = context;
  const image = programImage('vault-pki');
  importImage(image.archive);
  kubectl.makeNamespace(NAMESPACE);
  const file = (name: string): string => readFileSync(join(environment, 'vault', name), 'utf8');
  const tls = await publicServerCertificate(NAME);
  kubectl.apply([
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'vault-tls', namespace: NAMESPACE }, stringData: tls },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'vault-settings', namespace: NAMESPACE },
      data: { 'role.json': file('role.json'), 'policy.hcl': file('policy.hcl') },
    },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'vault', namespace: NAMESPACE } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'e2e-vault' },
      // Vault asks the API server whose token it was given
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:auth-delegator' },
      subjects: [{ kind: 'ServiceAccount', name: 'vault', namespace: NAMESPACE }],
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'vault', namespace: NAMESPACE },
      spec: { selector: { app: 'vault' }, ports: [{ port: 8200, targetPort: 8200 }] },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'vault', namespace: NAMESPACE, labels: { app: 'vault' } },
      spec: {
        serviceAccountName: 'vault',
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: 'vault',
            image: image.reference,
            args: argumentsFor(fleet),
            readinessProbe: { httpGet: { path: '/v1/sys/health', port: 8200, scheme: 'HTTPS' }, periodSeconds: 1 },
            volumeMounts: [
              { name: 'tls', mountPath: '/tls' },
              { name: 'settings', mountPath: '/settings' },
            ],
          },
        ],
        volumes: [
          { name: 'tls', secret: { secretName: 'vault-tls' } },
          { name: 'settings', configMap: { name: 'vault-settings' } },
        ],
      },
    },
  ]);
  kubectl.untilCondition('pod', ['vault'], NAMESPACE, 'Ready', 60);
  await pointName(context, NAME, NAMESPACE, 'vault');
  let root = '';
  await until('Vault says its root', 10, () => {
    root = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(kubectl.run(['logs', 'vault', '-n', NAMESPACE]))?.[0] ?? '';
    return root !== '';
  });
  return `${root}\n`;
}

export function stopVault({ kubectl }: Context): void {
  kubectl.delete(['clusterrolebinding', 'e2e-vault']);
  kubectl.delete(['namespace', NAMESPACE]);
}

/** What the head of vault/policy.hcl tells Vault, in the words of this server. */
function argumentsFor(fleet: string): string[] {
  return [
    '--tls-cert=/tls/tls.crt',
    '--tls-key=/tls/tls.key',
    `--role=${fleet}`,
    '--role-file=/settings/role.json',
    '--policy-file=/settings/policy.hcl',
    `--service-account=cert-manager:${fleet}-vault-issuer`,
    `--audience=vault://${fleet}-ca-issuer`,
  ];
}
