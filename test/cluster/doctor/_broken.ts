import type { SnapshotHeader } from '../../../lib/cluster/index.js';
import { DAY, make } from '../_certificates.js';
import { type Any, base64, type HealthyCluster, ISSUER, iso, podOf, ready, requestOf, SYSTEM, secretOf } from './_cluster.js';

const HOUR = 3_600_000;
const CERTIFICATE = `Certificate ${SYSTEM}/control-api-tls`;

/** One failure mode, made in a healthy cluster. */
export interface Broken {
  readonly code: string;
  readonly what: string;
  /** Changes of the objects. */
  readonly make?: (cluster: HealthyCluster) => void | Promise<void>;
  /** What the API server did, where no object shows it. */
  readonly header?: Partial<SnapshotHeader>;
  /** Why a bare API server can't have it. */
  readonly onlyAsData?: string;
}

const edit =
  (change: (object: Any, cluster: HealthyCluster) => void, key = CERTIFICATE) =>
  (cluster: HealthyCluster): void =>
    cluster.change(key, object => change(object, cluster));

const setReady = (object: Any, cluster: HealthyCluster, reason: string, message: string, status = 'False'): void => {
  object.status = { ...object.status, conditions: [ready(cluster.now, reason, message, status)] };
};

/** Another Certificate of the fleet in the same namespace, without anything that goes with it. */
function certificate(cluster: HealthyCluster, name: string, spec: Any): Any {
  const object = cluster.get(CERTIFICATE);
  return { ...object, metadata: { ...object.metadata, name }, spec: { ...object.spec, secretName: name, ...spec }, status: object.status };
}

const issuer = (name: string, spec: Any, cluster: HealthyCluster, reason: string, message: string): Any => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'ClusterIssuer',
  metadata: { name },
  spec,
  status: {
    conditions: [ready(cluster.now, reason, message, reason.endsWith('Verified') || reason.endsWith('Registered') ? 'True' : 'False')],
  },
});

const VAULT = {
  vault: {
    server: 'https://vault.example:8200',
    path: 'pki_int/sign/x',
    auth: { kubernetes: { role: 'x', serviceAccountRef: { name: 'x' } } },
  },
};
const vaultFails =
  (message: string) =>
  (cluster: HealthyCluster): void =>
    cluster.put(issuer('vault', VAULT, cluster, 'VaultError', message));

const ACME = {
  acme: {
    server: 'https://acme.example/directory',
    privateKeySecretRef: { name: 'account' },
    solvers: [{ http01: { ingress: { ingressClassName: 'x' } } }],
  },
};

/** A request that nobody has decided on. */
const undecided =
  (changes: Any = {}) =>
  (cluster: HealthyCluster): void =>
    cluster.put(
      requestOf(cluster.get(CERTIFICATE), cluster.now, [], {
        metadata: { name: 'waiting', creationTimestamp: iso(cluster.now - HOUR), ...changes.metadata },
        ...changes,
      }),
    );

const approverPolicy = (cluster: HealthyCluster): void => {
  const object = cluster.get('Deployment cert-manager/trust-manager');
  object.metadata.name = 'cert-manager-approver-policy';
  object.spec.template.spec.containers[0].image = 'quay.io/jetstack/cert-manager-approver-policy:v0.27.0';
  object.spec.template.spec.serviceAccountName = 'approver-policy';
  cluster.put(object);
};

/** An authority in place of the one of the fleet's issuer. */
const authority = async (
  cluster: HealthyCluster,
  changes: Parameters<typeof make>[0],
  by?: Awaited<ReturnType<typeof make>>,
): Promise<void> => {
  const made = await make({ commonName: 'sentinel dev root CA', isCa: true, until: 3649, now: cluster.now, ...changes }, by);
  cluster.change('Secret cert-manager/sentinel-ca-secret', secret => {
    secret.data = { 'tls.crt': base64(made.pem), 'tls.key': base64(made.keyPem()) };
  });
};

const role = (name: string, rules: readonly Any[], subject: Any, namespace?: string): Any[] => [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: namespace ? 'Role' : 'ClusterRole',
    metadata: { name, ...(namespace ? { namespace } : {}) },
    rules,
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: namespace ? 'RoleBinding' : 'ClusterRoleBinding',
    metadata: { name, ...(namespace ? { namespace } : {}) },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: namespace ? 'Role' : 'ClusterRole', name },
    subjects: [subject],
  },
];

/** A pod of nobody's workload that does something with a volume. */
const pod = (cluster: HealthyCluster, name: string, spec: Any, status: Any = {}): Any => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: SYSTEM },
  spec: { containers: [{ name: 'main', image: 'example/app:1', ...spec.container }], volumes: spec.volumes },
  status: { phase: 'Running', startTime: iso(cluster.now - HOUR), ...status },
});

const event = (cluster: HealthyCluster, involvedObject: Any, reason: string, message: string): Any => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: `${involvedObject.name}.${reason.toLowerCase()}`, namespace: SYSTEM },
  involvedObject: { apiVersion: 'v1', namespace: SYSTEM, ...involvedObject },
  reason,
  message,
  type: 'Warning',
  firstTimestamp: iso(cluster.now),
  lastTimestamp: iso(cluster.now),
  source: {},
});

const CREATED = 'the API server sets creationTimestamp itself';
const DELETED = 'the API server sets deletionTimestamp itself';
const NO_DEFINITION = 'the resource is not installed';
const WEBHOOK_MESSAGE =
  'failed calling webhook "webhook.cert-manager.io": Post "https://cert-manager-webhook.cert-manager.svc:443/validate": ';
const unreachable = (message: string): Partial<SnapshotHeader> => ({
  webhook: { outcome: 'unreachable', message: WEBHOOK_MESSAGE + message },
});
const NOT_ASKED = 'it is what the API server says of a webhook; test/cluster/real/webhook.test.ts has one';

/** cert-manager's webhook, as its chart has it. */
const webhook = (caBundle: string): Any => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: {
    name: 'cert-manager-webhook',
    annotations: { 'cert-manager.io/inject-ca-from-secret': 'cert-manager/cert-manager-webhook-ca' },
  },
  webhooks: [
    { name: 'webhook.cert-manager.io', clientConfig: { service: { name: 'cert-manager-webhook', namespace: 'cert-manager' }, caBundle } },
  ],
});

export const BROKEN: readonly Broken[] = [
  {
    code: 'SMT-D101',
    what: 'Secrets may not be read',
    header: { gaps: [{ resource: 'secrets', reason: 'forbidden', message: 'secrets is forbidden' }] },
    onlyAsData: 'test/cluster/real/doctor.test.ts has it as a user without rights',
  },
  { code: 'SMT-D073', what: 'the clock is five minutes ahead', header: { skewMs: 300_000 }, onlyAsData: 'it is the clock of this machine' },
  {
    code: 'SMT-D073',
    what: 'a certificate begins tomorrow',
    make: async cluster => cluster.put(cluster.secret('control-api-tls', await cluster.issue('control-api-tls', { from: 1, until: 91 }))),
  },
  {
    code: 'SMT-D001',
    what: 'the CRD of challenges is missing',
    make: cluster => void cluster.objects.delete('CustomResourceDefinition challenges.acme.cert-manager.io'),
    onlyAsData: 'taking a CRD away takes its objects along',
  },
  {
    code: 'SMT-D002',
    what: 'the CRDs are of 1.15',
    make: edit(
      object => void delete object.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.renewal,
      'CustomResourceDefinition certificates.cert-manager.io',
    ),
    onlyAsData: 'the real CRDs are installed',
  },
  {
    code: 'SMT-D009',
    what: 'GKE refuses the lease in kube-system',
    header: { kubernetes: 'v1.33.1-gke.100' },
    make: edit(object => {
      object.spec.template.spec.containers[0].args = ['--leader-election-namespace=kube-system'];
      Object.assign(object.status, { readyReplicas: 0, availableReplicas: 0 });
    }, 'Deployment cert-manager/cert-manager'),
    onlyAsData: 'the version is the server’s own',
  },
  {
    code: 'SMT-D010',
    what: 'a second controller',
    make: cluster => {
      const object = cluster.get('Deployment cert-manager/cert-manager');
      cluster.put({ ...object, metadata: { ...object.metadata, namespace: 'kube-system' } });
    },
  },
  {
    code: 'SMT-D011',
    what: 'the webhook has no ready pod',
    make: edit(object => {
      Object.assign(object.status, { readyReplicas: 0, availableReplicas: 0 });
    }, 'Deployment cert-manager/cert-manager-webhook'),
  },
  {
    code: 'SMT-D012',
    what: 'cert-manager 1.19.0',
    make: edit(object => {
      object.spec.template.spec.containers[0].image = 'quay.io/jetstack/cert-manager-controller:v1.19.0';
    }, 'Deployment cert-manager/cert-manager'),
  },
  {
    code: 'SMT-D071',
    what: 'a Certificate is held by a finalizer',
    make: edit((object, { now }) => {
      object.metadata.deletionTimestamp = iso(now - HOUR);
      object.metadata.finalizers = ['example.com/hold'];
    }),
    onlyAsData: DELETED,
  },
  {
    code: 'SMT-D004',
    what: 'the webhook refuses connections',
    header: unreachable('dial tcp 10.0.0.1:443: connect: connection refused'),
    onlyAsData: NOT_ASKED,
  },
  { code: 'SMT-D005', what: 'the webhook can’t be reached', header: unreachable('context deadline exceeded'), onlyAsData: NOT_ASKED },
  {
    code: 'SMT-D006',
    what: 'the webhook’s authority is not trusted',
    header: unreachable('x509: certificate signed by unknown authority'),
    onlyAsData: NOT_ASKED,
  },
  {
    code: 'SMT-D008',
    what: 'the kubelet answers',
    header: unreachable('x509: certificate is valid for ip-10-0-0-1.ec2.internal, not cert-manager-webhook.cert-manager.svc'),
    onlyAsData: NOT_ASKED,
  },
  {
    code: 'SMT-D102',
    what: 'a bad Certificate is taken',
    header: { webhook: { outcome: 'allowed', message: 'a Certificate with a duration of one minute was accepted' } },
    onlyAsData: NOT_ASKED,
  },
  {
    code: 'SMT-D015',
    what: 'an issuer that is not there',
    make: edit(object => {
      object.spec.issuerRef.name = 'nobody';
    }),
  },
  {
    code: 'SMT-D016',
    what: 'an external kind without group',
    make: edit(object => {
      object.spec.issuerRef = { name: 'x', kind: 'AWSPCAIssuer' };
    }),
  },
  {
    code: 'SMT-D017',
    what: 'the Secret of the issuer is elsewhere',
    make: edit(object => {
      object.spec.ca.secretName = 'control-api-tls';
    }, `ClusterIssuer ${ISSUER}`),
  },
  { code: 'SMT-D018', what: 'the authority is none', make: cluster => authority(cluster, { isCa: false }) },
  { code: 'SMT-D019', what: 'the authority has ended', make: cluster => authority(cluster, { key: cluster.ca.key, from: -30, until: -1 }) },
  {
    code: 'SMT-D019',
    what: 'the authority ends before its leaves',
    make: cluster => authority(cluster, { key: cluster.ca.key, until: 30 }),
  },
  {
    code: 'SMT-D020',
    what: 'the key beside the authority is another',
    make: edit(object => {
      object.data['tls.key'] = base64('not a key');
    }, 'Secret cert-manager/sentinel-ca-secret'),
  },
  { code: 'SMT-D020', what: 'the authority may not sign', make: cluster => authority(cluster, { key: cluster.ca.key, bareUsages: true }) },
  {
    code: 'SMT-D021',
    what: 'an intermediate without its root',
    make: async cluster => authority(cluster, { commonName: 'intermediate' }, await make({ commonName: 'root', isCa: true })),
  },
  {
    code: 'SMT-D022',
    what: 'ca.crt did not sign tls.crt',
    make: async cluster => {
      const other = await make({ commonName: 'other', isCa: true });
      cluster.change('Secret cert-manager/sentinel-ca-secret', secret => {
        secret.data['ca.crt'] = base64(other.pem);
      });
    },
  },
  {
    code: 'SMT-D023',
    what: 'a Certificate writes the Secret of its issuer',
    make: cluster =>
      cluster.put({
        ...certificate(cluster, 'own', { secretName: 'sentinel-ca-secret' }),
        metadata: { name: 'own', namespace: 'cert-manager' },
      }),
  },
  { code: 'SMT-D025', what: 'Vault is sealed', make: vaultFails('Failed to verify Vault is initialized and unsealed: Vault is sealed') },
  {
    code: 'SMT-D026',
    what: 'Vault refuses the token',
    make: vaultFails('Error making API request. Code: 403. Errors: * permission denied'),
  },
  {
    code: 'SMT-D027',
    what: 'no right to make a token',
    make: vaultFails('User "system:serviceaccount:cert-manager:cert-manager" cannot create resource "serviceaccounts/token"'),
  },
  {
    code: 'SMT-D028',
    what: 'another audience',
    make: vaultFails('invalid audience (aud) claim: audience claim does not match any expected audience'),
  },
  {
    code: 'SMT-D029',
    what: 'Vault is not trusted',
    make: vaultFails('Get "https://vault.example:8200": x509: certificate signed by unknown authority'),
  },
  {
    code: 'SMT-D030',
    what: 'a path with /v1',
    make: cluster => cluster.put(issuer('vault', { vault: { ...VAULT.vault, path: 'v1/pki_int/sign/x' } }, cluster, 'VaultVerified', '')),
  },
  {
    code: 'SMT-D031',
    what: 'an ACME account is refused',
    make: cluster => cluster.put(issuer('acme', ACME, cluster, 'ErrRegisterACMEAccount', 'Failed to register ACME account: invalidEmail')),
  },
  {
    code: 'SMT-D032',
    what: 'an ACME profile that is not known',
    make: cluster =>
      cluster.put({
        apiVersion: 'acme.cert-manager.io/v1',
        kind: 'Order',
        metadata: { name: 'order', namespace: SYSTEM },
        spec: { request: base64('x'), issuerRef: { name: 'acme', kind: 'ClusterIssuer' } },
        status: { state: 'errored', reason: 'Failed to create Order: invalidProfile: unknown profile "x"' },
      }),
  },
  {
    code: 'SMT-D103',
    what: 'the issuer is not ready',
    make: edit(
      (object, cluster) => setReady(object, cluster, 'ErrGetKeyPair', 'Error getting keypair for CA issuer'),
      `ClusterIssuer ${ISSUER}`,
    ),
  },
  { code: 'SMT-D033', what: 'nobody approves', make: undecided(), onlyAsData: CREATED },
  {
    code: 'SMT-D034',
    what: 'no policy applies',
    make: cluster => {
      approverPolicy(cluster);
      undecided()(cluster);
    },
    onlyAsData: CREATED,
  },
  {
    code: 'SMT-D035',
    what: 'a request is denied',
    make: cluster =>
      cluster.put(
        requestOf(cluster.get(CERTIFICATE), cluster.now, [
          { ...ready(cluster.now, 'policy.cert-manager.io', 'dnsNames: Invalid value'), type: 'Denied' },
          ready(cluster.now, 'Denied', 'x', 'False'),
        ]),
      ),
  },
  {
    code: 'SMT-D036',
    what: 'both approvers decide',
    make: cluster => {
      approverPolicy(cluster);
      const rules = [
        { apiGroups: ['cert-manager.io'], resources: ['signers'], verbs: ['approve'], resourceNames: ['clusterissuers.cert-manager.io/*'] },
      ];
      cluster.put(
        ...role('cert-manager-controller-approve:cert-manager-io', rules, {
          kind: 'ServiceAccount',
          name: 'cert-manager',
          namespace: 'cert-manager',
        }),
      );
    },
  },
  {
    code: 'SMT-D037',
    what: 'a request to an external issuer waits',
    make: undecided({ spec: { issuerRef: { name: 'x', kind: 'AWSPCAIssuer', group: 'awspca.cert-manager.io' } } }),
    onlyAsData: CREATED,
  },
  {
    code: 'SMT-D038',
    what: 'the last request failed',
    make: cluster => {
      cluster.put(
        requestOf(cluster.get(CERTIFICATE), cluster.now, [
          { ...ready(cluster.now, 'x'), type: 'Approved' },
          ready(cluster.now, 'Failed', 'the signer said no', 'False'),
        ]),
      );
      cluster.change(CERTIFICATE, object =>
        Object.assign(object.status, { failedIssuanceAttempts: 3, lastFailureTime: iso(cluster.now - HOUR) }),
      );
    },
  },
  {
    code: 'SMT-D039',
    what: 'it is being issued for an hour',
    make: edit((object, { now }) =>
      object.status.conditions.push({
        type: 'Issuing',
        status: 'True',
        reason: 'Renewing',
        message: '',
        lastTransitionTime: iso(now - HOUR),
      }),
    ),
  },
  {
    code: 'SMT-D040',
    what: 'the key may not change',
    make: cluster => {
      edit((object, { now }) =>
        object.status.conditions.push({ type: 'Issuing', status: 'True', reason: 'Renewing', message: '', lastTransitionTime: iso(now) }),
      )(cluster);
      cluster.put(event(cluster, { kind: 'Certificate', name: 'control-api-tls' }, 'CannotRegenerateKey', 'User intervention required'));
    },
  },
  {
    code: 'SMT-D041',
    what: 'the password of a keystore is missing',
    make: edit(object => {
      object.spec.keystores = {
        pkcs12: { create: true, profile: 'Modern2023', passwordSecretRef: { name: 'password', key: 'p' } },
      };
    }),
  },
  {
    code: 'SMT-D069',
    what: 'thirty requests',
    make: cluster => {
      for (let index = 0; index < 30; index++)
        cluster.put(
          requestOf(
            cluster.get(CERTIFICATE),
            cluster.now,
            [{ ...ready(cluster.now, 'x'), type: 'Approved' }, ready(cluster.now, 'Issued')],
            { metadata: { name: `old-${index}` } },
          ),
        );
    },
  },
  {
    code: 'SMT-D072',
    what: 'the request is gone',
    make: cluster => void cluster.objects.delete(`CertificateRequest ${SYSTEM}/control-api-tls-1`),
  },
  {
    code: 'SMT-D042',
    what: 'a common name of 70 bytes',
    make: edit(object => {
      object.spec.commonName = 'x'.repeat(70);
    }),
  },
  {
    code: 'SMT-D043',
    what: 'a common name alone',
    make: edit(object => {
      delete object.spec.dnsNames;
      delete object.spec.uris;
    }),
  },
  { code: 'SMT-D044', what: 'a DNS name with a port', make: edit(object => void object.spec.dnsNames.push('control-api:8000')) },
  {
    code: 'SMT-D045',
    what: 'an ACME common name that is no DNS name of it',
    make: cluster =>
      cluster.put(
        issuer('acme', ACME, cluster, 'ACMEAccountRegistered', ''),
        certificate(cluster, 'public', {
          issuerRef: { name: 'acme', kind: 'ClusterIssuer' },
          commonName: 'a.example.com',
          dnsNames: ['b.example.com'],
          uris: [],
        }),
      ),
  },
  {
    code: 'SMT-D047',
    what: 'two Certificates, one Secret',
    make: cluster => cluster.put(certificate(cluster, 'twin', { secretName: 'control-api-tls' })),
  },
  {
    code: 'SMT-D048',
    what: 'somebody else writes the Secret',
    make: edit(object => {
      object.metadata.managedFields = [
        {
          manager: 'external-secrets',
          operation: 'Update',
          apiVersion: 'v1',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:data': { 'f:tls.crt': {} } },
        },
      ];
    }, `Secret ${SYSTEM}/control-api-tls`),
    onlyAsData: 'the API server writes managedFields itself; there every Secret of this test is by kubectl',
  },
  {
    code: 'SMT-D049',
    what: 'it is renewed as soon as it is issued',
    make: edit((object, { now }) => {
      object.spec.renewBefore = '2150h0m0s';
      object.status.renewalTime = iso(now - DAY + HOUR);
    }),
  },
  {
    code: 'SMT-D050',
    what: 'the issuer gave an invalid certificate',
    make: edit((object, cluster) => setReady(object, cluster, 'InvalidCertificate', 'the certificate has expired')),
  },
  {
    code: 'SMT-D051',
    what: 'it has ended although it is Ready',
    make: async cluster => cluster.put(cluster.secret('control-api-tls', await cluster.issue('control-api-tls', { from: -91, until: -1 }))),
  },
  {
    code: 'SMT-D052',
    what: 'renewal is two days overdue',
    make: edit((object, { now }) => {
      object.status.renewalTime = iso(now - 2 * DAY);
    }),
  },
  {
    code: 'SMT-D053',
    what: 'it is never renewed',
    make: edit(object => {
      object.spec.renewal = { policy: 'Disabled' };
      delete object.spec.renewBefore;
    }),
  },
  {
    code: 'SMT-D054',
    what: 'the issuer left out a name',
    make: async cluster =>
      cluster.put(cluster.secret('control-api-tls', await cluster.issue('control-api-tls', { dnsNames: ['control-api'] }))),
  },
  {
    code: 'SMT-D054',
    what: 'the issuer left out client auth',
    make: async cluster =>
      cluster.put(
        cluster.secret('control-api-tls', await cluster.issue('control-api-tls', { usages: ['digital signature', 'server auth'] })),
      ),
  },
  { code: 'SMT-D055', what: 'the authority has a new key', make: cluster => authority(cluster, {}) },
  { code: 'SMT-D070', what: 'a Secret without its Certificate', make: cluster => void cluster.objects.delete(CERTIFICATE) },
  {
    code: 'SMT-D104',
    what: 'a Certificate is not ready',
    make: edit((object, cluster) => setReady(object, cluster, 'DoesNotExist', 'Issuing certificate as Secret does not exist')),
  },
  { code: 'SMT-D105', what: 'the Secret is gone', make: cluster => void cluster.objects.delete(`Secret ${SYSTEM}/control-api-tls`) },
  {
    code: 'SMT-D105',
    what: 'the key is another',
    make: async cluster => {
      const [made, other] = [await cluster.issue('control-api-tls'), await cluster.issue('control-api-tls')];
      cluster.put(cluster.secret('control-api-tls', made, { key: other.keyPem() }));
    },
  },
  {
    code: 'SMT-D106',
    what: 'the Secret is of another issuer',
    make: edit(object => {
      object.metadata.annotations['cert-manager.io/issuer-name'] = 'old-issuer';
    }, `Secret ${SYSTEM}/control-api-tls`),
  },
  {
    code: 'SMT-D056',
    what: 'the bundle has only the root of before',
    make: async cluster => {
      const old = await make({ commonName: 'sentinel dev root CA', isCa: true });
      cluster.change(`ConfigMap ${SYSTEM}/sentinel-ca-bundle`, map => {
        map.data['ca.crt'] = old.pem;
      });
    },
  },
  {
    code: 'SMT-D057',
    what: 'the bundle has a root that has ended',
    make: async cluster => {
      const old = await make({ commonName: 'old', isCa: true, from: -20, until: -10 });
      cluster.change(`ConfigMap ${SYSTEM}/sentinel-ca-bundle`, map => {
        map.data['ca.crt'] += old.pem;
      });
    },
  },
  {
    code: 'SMT-D058',
    what: 'the bundle found no source',
    make: edit((object, { now }) => {
      object.status.conditions = [{ ...ready(now, 'SourceNotFound', 'no such Secret', 'False'), type: 'Synced' }];
    }, 'Bundle sentinel-ca-bundle'),
  },
  {
    code: 'SMT-D058',
    what: 'the bundle has not arrived',
    make: cluster => void cluster.objects.delete(`ConfigMap ${SYSTEM}/sentinel-ca-bundle`),
  },
  {
    code: 'SMT-D059',
    what: 'a workload takes its root from its own Secret',
    make: cluster =>
      cluster.put(
        pod(cluster, 'trusting', {
          volumes: [{ name: 'c', secret: { secretName: 'control-api-tls', items: [{ key: 'ca.crt', path: 'ca.crt' }] } }],
          container: { volumeMounts: [{ name: 'c', mountPath: '/c' }] },
        }),
      ),
  },
  {
    code: 'SMT-D060',
    what: 'a second workload mounts the key',
    make: cluster =>
      cluster.put(
        pod(cluster, 'second', {
          volumes: [{ name: 'c', secret: { secretName: 'control-api-tls' } }],
          container: { volumeMounts: [{ name: 'c', mountPath: '/c' }] },
        }),
      ),
  },
  {
    code: 'SMT-D061',
    what: 'a certificate by subPath',
    make: edit(object => {
      object.spec.template.spec.containers[0].volumeMounts[0].subPath = 'tls.crt';
    }, `Deployment ${SYSTEM}/control-api`),
  },
  {
    code: 'SMT-D062',
    what: 'a pod of somebody else is older than the certificate',
    make: cluster =>
      cluster.put(
        pod(
          cluster,
          'old',
          { volumes: [{ name: 'c', secret: { secretName: 'control-api-tls' } }] },
          { startTime: iso(cluster.now - 40 * DAY) },
        ),
      ),
  },
  {
    code: 'SMT-D063',
    what: 'ca.crt of an ACME certificate is mounted',
    make: cluster => {
      cluster.put(
        issuer('acme', ACME, cluster, 'ACMEAccountRegistered', ''),
        certificate(cluster, 'public', {
          issuerRef: { name: 'acme', kind: 'ClusterIssuer' },
          commonName: 'a.example.com',
          dnsNames: ['a.example.com'],
          uris: [],
        }),
      );
      cluster.put(
        pod(cluster, 'mounting', {
          volumes: [{ name: 'c', secret: { secretName: 'public', items: [{ key: 'ca.crt', path: 'ca.crt' }] } }],
          container: { volumeMounts: [{ name: 'c', mountPath: '/c' }] },
        }),
      );
    },
  },
  {
    code: 'SMT-D064',
    what: 'a pod waits for its Secret',
    make: cluster => {
      const waiting = podOf(cluster.get(`Deployment ${SYSTEM}/control-api`), cluster.now);
      waiting.status = { phase: 'Pending' };
      cluster.put(waiting);
      cluster.objects.delete(`Secret ${SYSTEM}/control-api-tls`);
    },
  },
  {
    code: 'SMT-D065',
    what: 'no extended usage',
    make: edit(object => {
      object.spec.usages = ['digital signature'];
    }),
  },
  {
    code: 'SMT-D066',
    what: 'a public certificate for a client',
    make: cluster =>
      cluster.put(
        issuer(
          'acme',
          { acme: { ...ACME.acme, server: 'https://acme-v02.api.letsencrypt.org/directory' } },
          cluster,
          'ACMEAccountRegistered',
          '',
        ),
        certificate(cluster, 'public', {
          issuerRef: { name: 'acme', kind: 'ClusterIssuer' },
          commonName: 'a.example.com',
          dnsNames: ['a.example.com'],
          uris: [],
        }),
      ),
  },
  {
    code: 'SMT-D067',
    what: 'a keystore with RC2',
    make: edit(object => {
      object.spec.keystores = { pkcs12: { create: true, passwordSecretRef: { name: 'password', key: 'p' } } };
    }),
  },
  {
    code: 'SMT-D074',
    what: 'the CSI driver is missing',
    make: cluster =>
      cluster.put(
        pod(cluster, 'csi', { volumes: [{ name: 'c', csi: { driver: 'csi.cert-manager.io', readOnly: true } }] }, { phase: 'Pending' }),
      ),
  },
  {
    code: 'SMT-D107',
    what: 'nobody enforces policies',
    make: cluster => {
      const object = cluster.get('DaemonSet kube-system/calico-node');
      cluster.objects.delete('DaemonSet kube-system/calico-node');
      object.metadata.name = 'kube-flannel-ds';
      object.spec.template.spec.containers[0].image = 'ghcr.io/flannel-io/flannel:v0.27.0';
      cluster.put(object);
    },
  },
  { code: 'SMT-D107', what: 'no network is known', make: cluster => void cluster.objects.delete('DaemonSet kube-system/calico-node') },
  {
    code: 'SMT-D108',
    what: 'a policy of others opens pods of the fleet',
    make: cluster =>
      cluster.put({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'allow-all', namespace: SYSTEM },
        spec: { podSelector: {}, ingress: [{}], policyTypes: ['Ingress'] },
      }),
  },
  {
    code: 'SMT-D109',
    what: 'a pod of the fleet that no policy selects',
    make: cluster => {
      for (const name of ['control-api-mtls-only', 'sentinel-default-deny']) cluster.objects.delete(`NetworkPolicy ${SYSTEM}/${name}`);
    },
  },
  {
    code: 'SMT-D076',
    what: 'a strict mesh around the fleet',
    make: cluster => {
      cluster.change(`Pod ${SYSTEM}/control-api-abc-1`, object =>
        object.spec.containers.push({ name: 'istio-proxy', image: 'istio/proxyv2:1.27' }),
      );
      cluster.put({
        apiVersion: 'security.istio.io/v1',
        kind: 'PeerAuthentication',
        metadata: { name: 'default', namespace: SYSTEM },
        spec: { mtls: { mode: 'STRICT' } },
      });
    },
    onlyAsData: NO_DEFINITION,
  },
  {
    code: 'SMT-D024',
    what: 'somebody may read the key of the authority',
    make: cluster =>
      cluster.put(
        ...role(
          'reader',
          [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
          { kind: 'ServiceAccount', name: 'deployer', namespace: 'ci' },
          'cert-manager',
        ),
      ),
  },
  {
    code: 'SMT-D110',
    what: 'the key of an authority lies beside workloads',
    make: async cluster => {
      const own = await make({ commonName: 'own', isCa: true, until: 3649 });
      cluster.put(
        secretOf(SYSTEM, 'own-ca', own, own, { 'cert-manager.io/issuer-name': 'sentinel-selfsigned-issuer' }),
        {
          apiVersion: 'cert-manager.io/v1',
          kind: 'Issuer',
          metadata: { name: 'own', namespace: SYSTEM },
          spec: { ca: { secretName: 'own-ca' } },
          status: { conditions: [ready(cluster.now, 'KeyPairVerified')] },
        },
        certificate(cluster, 'own-ca', {
          isCA: true,
          issuerRef: { name: 'sentinel-selfsigned-issuer', kind: 'ClusterIssuer' },
          usages: ['cert sign'],
          commonName: 'own',
          dnsNames: [],
          uris: [],
          duration: '87600h',
        }),
      );
    },
  },
  {
    code: 'SMT-D111',
    what: 'somebody may list the keys of the fleet',
    make: cluster =>
      cluster.put(
        ...role('lister', [{ apiGroups: ['*'], resources: ['*'], verbs: ['list'] }], {
          kind: 'User',
          name: 'alice',
          apiGroup: 'rbac.authorization.k8s.io',
        }),
      ),
  },
  {
    code: 'SMT-D075',
    what: 'nobody scrapes cert-manager',
    make: cluster =>
      cluster.put({
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'servicemonitors.monitoring.coreos.com' },
        spec: { group: 'monitoring.coreos.com', names: { plural: 'servicemonitors' } },
      }),
    onlyAsData: NO_DEFINITION,
  },
  {
    code: 'SMT-D003',
    what: 'the Service of the webhook is not there',
    make: cluster => cluster.put(webhook('')),
    onlyAsData: NOT_ASKED,
  },
  {
    code: 'SMT-D006',
    what: 'the caBundle of the webhook is not the authority in its Secret',
    make: async cluster => {
      const [old, current] = [await make({ commonName: 'webhook', isCa: true }), await make({ commonName: 'webhook', isCa: true })];
      cluster.put(webhook(base64(old.pem)), secretOf('cert-manager', 'cert-manager-webhook-ca', current, current, {}));
    },
    onlyAsData: NOT_ASKED,
  },
  {
    code: 'SMT-D007',
    what: 'the authority of the webhook has ended',
    make: async cluster => cluster.put(webhook(base64((await make({ commonName: 'webhook', isCa: true, from: -30, until: -1 })).pem))),
    onlyAsData: NOT_ASKED,
  },
  {
    code: 'SMT-D014',
    what: 'a policy keeps cert-manager from its Vault',
    make: cluster =>
      cluster.put(issuer('vault', VAULT, cluster, 'VaultVerified', ''), {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'cert-manager', namespace: 'cert-manager' },
        spec: {
          podSelector: { matchLabels: { 'app.kubernetes.io/name': 'cert-manager' } },
          policyTypes: ['Egress'],
          egress: [{ ports: [{ protocol: 'TCP', port: 443 }] }],
        },
      }),
  },
  {
    code: 'SMT-D068',
    what: 'the authority may not sign these names',
    make: edit(object => {
      object.spec.nameConstraints = { critical: true, permitted: { dnsDomains: ['other.example'] } };
    }, 'Certificate cert-manager/sentinel-ca'),
  },
  {
    code: 'SMT-D112',
    what: 'the alert is about another namespace',
    make: cluster =>
      cluster.put({
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'PrometheusRule',
        metadata: { name: 'rules', namespace: SYSTEM },
        spec: {
          groups: [
            {
              name: 'x',
              rules: [
                {
                  alert: 'CertificateEnds',
                  expr: 'certmanager_certificate_expiration_timestamp_seconds{exported_namespace="web"} - time() < 86400',
                },
              ],
            },
          ],
        },
      }),
    onlyAsData: NO_DEFINITION,
  },
];
