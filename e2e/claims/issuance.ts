import { join } from 'node:path';
import { type Check, type Claim, type Context, same } from '../claim.js';
import { InstalledEnvironment } from '../environment.js';
import type { Condition, Resource } from '../kubectl.js';
import { attempt, until } from '../node/processes.js';
import { ROOT } from '../node/settings.js';
import { changeEnvironment } from '../prerequisites.js';
import { startVault, stopVault } from '../vault.js';
import { chainOf } from './_fields.js';
import { compareEnvironment } from './certificates.js';

const NAMESPACE = 'sentinel-system';
const PROD = join(ROOT, 'dist', 'prod');
const ID = (account: string): string => `spiffe://sentinel.internal/ns/${NAMESPACE}/sa/${account}`;
const DNS = (service: string): string[] => [
  service,
  `${service}.${NAMESPACE}`,
  `${service}.${NAMESPACE}.svc`,
  `${service}.${NAMESPACE}.svc.cluster.local`,
];

/** prod as it is shipped: Vault's engine signs, approver-policy decides. Everybody gets what is theirs; nobody gets anything else. */
export const issuance: Claim = {
  name: 'issuance',
  says: 'the road of prod works: certificates from the engine of Vault field by field, and approver-policy denies the name of another',
  fault: 'a request policy for any name is bound to everybody',
  faultShows: /^account of control-api asks for the identity of pipeline-controller/,
  async check(context, plant) {
    changeEnvironment(context, 'dev', 'prod');
    const root = await startVault(context, PROD, 'sentinel');
    const { kubectl } = context;
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'sentinel-vault-roots', namespace: 'cert-manager' } };
    kubectl.apply([{ ...configMap, data: { 'ca.crt': root } }]);
    const environment = new InstalledEnvironment(context, PROD, NAMESPACE);
    try {
      environment.install({ pods: false });
      const signers = Object.fromEntries(
        environment
          .ofKind('Certificate')
          .map(({ metadata }) => [metadata.name, (secret: Resource) => ({ issuer: chainOf(secret)[1], roots: root })]),
      );
      const issued = plant ? [] : compareEnvironment(context, environment, signers);
      // whoever administers the namespace may let an account make requests: the policy has to hold nevertheless
      kubectl.apply(RIGHT_TO_ASK);
      if (plant) kubectl.apply(ANYTHING_GOES);
      const asked: Check[] = [];
      for (const attempt of ATTEMPTS) asked.push(await ask(context, attempt));
      asked.push(await askByCertificate(context));
      return [...issued, ...asked];
    } finally {
      kubectl.delete(['clusterrole,clusterrolebinding', '-l', 'e2e=issuance']);
      kubectl.delete(['certificaterequestpolicies', '-l', 'e2e=issuance']);
      environment.remove();
      kubectl.delete(['configmap', 'sentinel-vault-roots', '-n', 'cert-manager']);
      stopVault(context);
      changeEnvironment(context, 'prod', 'dev');
    }
  },
};

interface Attempt {
  readonly what: string;
  /** Name of the CertificateRequest; cert-manager names those of a Certificate `<certificate>-<revision>`. */
  readonly name: string;
  readonly account: string;
  readonly uri: string;
  readonly service: string;
  readonly isCA?: boolean;
  readonly duration?: string;
  readonly namespace?: string;
  /** @default denied */
  readonly verdict?: string;
}

/** No policy is for this requester and namespace: the request stays as it is and is never signed. */
const DECISION_SECONDS = 10;
const UNDECIDED = `nobody decided within ${DECISION_SECONDS} s`;

const ATTEMPTS: readonly Attempt[] = [
  {
    what: 'account of control-api asks for the identity of pipeline-controller',
    ...{ name: 'other-identity', account: 'control-api', uri: ID('pipeline-controller'), service: 'pipeline-controller' },
  },
  {
    what: 'the same under the name that a request of that Certificate would have',
    ...{ name: 'pipeline-controller-tls-99', account: 'control-api', uri: ID('pipeline-controller'), service: 'pipeline-controller' },
  },
  {
    what: 'account of control-api asks for its own identity past its Certificate',
    ...{ name: 'own-identity', account: 'control-api', uri: ID('control-api'), service: 'control-api' },
  },
  {
    what: 'account of control-api asks for a CA',
    ...{ name: 'authority', account: 'control-api', uri: ID('control-api'), service: 'control-api', isCA: true },
  },
  {
    what: 'account of another namespace asks for the identity of control-api',
    ...{ name: 'control-api-tls-1', account: 'default', uri: ID('control-api'), service: 'control-api', namespace: 'default' },
    verdict: UNDECIDED,
  },
];

/** Makes a CertificateRequest with an account's own rights: it must be denied, and nothing may be issued. */
async function ask(context: Context, attempt: Attempt): Promise<Check> {
  const { kubectl } = context;
  const { what, name, account, uri, service, isCA = false, duration = '2160h', namespace = NAMESPACE } = attempt;
  const request = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'CertificateRequest',
    metadata: { name, namespace },
    spec: {
      request: Buffer.from(signingRequest(service, uri, isCA)).toString('base64'),
      duration,
      isCA,
      usages: ['server auth', 'client auth', 'digital signature', 'key encipherment', ...(isCA ? ['cert sign'] : [])],
      issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: 'sentinel-ca-issuer' },
    },
  };
  kubectl.run(['create', `--as=system:serviceaccount:${namespace}:${account}`, '-f', '-'], { input: JSON.stringify(request) });
  try {
    return same(what, await verdictOn(context, name, namespace), attempt.verdict ?? 'denied');
  } finally {
    kubectl.delete(['certificaterequest', name, '-n', namespace]);
  }
}

/** A Certificate of whoever may write in the namespace: cert-manager itself makes the request, and it may use the policies. */
async function askByCertificate(context: Context): Promise<Check> {
  const { kubectl } = context;
  const metadata = { name: 'planted-tls', namespace: NAMESPACE };
  const model = kubectl.get('certificate', 'pipeline-controller-tls', NAMESPACE);
  kubectl.apply([{ apiVersion: 'cert-manager.io/v1', kind: 'Certificate', metadata, spec: { ...model?.spec, secretName: metadata.name } }]);
  try {
    const verdict = await verdictOn(context, `${metadata.name}-1`, NAMESPACE);
    return same('a second Certificate asks for the identity of pipeline-controller', verdict, 'denied');
  } finally {
    kubectl.delete(['certificate', metadata.name, '-n', NAMESPACE]);
    kubectl.delete(['secret', metadata.name, '-n', NAMESPACE]);
  }
}

/** The first decision on a request, or the certificate where there is one. */
async function verdictOn({ kubectl }: Context, name: string, namespace: string): Promise<string> {
  let verdict = '';
  await until('the request is decided', DECISION_SECONDS, () => {
    const { conditions = [], certificate } = kubectl.get('certificaterequest', name, namespace)?.status ?? {};
    const is = (type: string): boolean => (conditions as Condition[]).some(each => each.type === type && each.status === 'True');
    verdict = certificate !== undefined ? 'issued' : is('Denied') ? 'denied' : is('Approved') ? 'approved' : '';
    return verdict !== '';
  }).catch(() => undefined);
  return verdict === '' ? UNDECIDED : verdict;
}

function signingRequest(service: string, uri: string, isCA: boolean): string {
  const names = [...DNS(service).map(name => `DNS:${name}`), `URI:${uri}`].join(',');
  const subject = `/CN=${service}.${NAMESPACE}.svc.cluster.local`;
  const command = ['openssl', 'req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', '/dev/null', '-subj', subject];
  const { ok, stdout, stderr } = attempt([
    ...command,
    '-addext',
    `subjectAltName=${names}`,
    '-addext',
    `keyUsage=digitalSignature,keyEncipherment${isCA ? ',keyCertSign' : ''}`,
    '-addext',
    'extendedKeyUsage=serverAuth,clientAuth',
  ]);
  if (!ok) throw new Error(`openssl req: ${stderr}`);
  return stdout;
}

const LABELS = { e2e: 'issuance' };
const RBAC = { apiGroup: 'rbac.authorization.k8s.io' };

const RIGHT_TO_ASK = [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'e2e-ask', labels: LABELS },
    rules: [
      { apiGroups: ['cert-manager.io'], resources: ['certificaterequests'], verbs: ['create'] },
      // without this right nobody decides about its requests, and nothing is signed
      {
        apiGroups: ['policy.cert-manager.io'],
        resources: ['certificaterequestpolicies'],
        resourceNames: ['sentinel-service-control-api'],
        verbs: ['use'],
      },
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'e2e-ask', labels: LABELS },
    roleRef: { ...RBAC, kind: 'ClusterRole', name: 'e2e-ask' },
    subjects: [{ ...RBAC, kind: 'Group', name: 'system:serviceaccounts' }],
  },
];

const ANYTHING_GOES = [
  {
    apiVersion: 'policy.cert-manager.io/v1alpha1',
    kind: 'CertificateRequestPolicy',
    metadata: { name: 'e2e-anything', labels: LABELS },
    spec: {
      selector: { issuerRef: {} },
      allowed: {
        commonName: { value: '*' },
        dnsNames: { values: ['*'] },
        uris: { values: ['*'] },
        isCA: true,
        usages: ['server auth', 'client auth', 'digital signature', 'key encipherment', 'cert sign'],
      },
    },
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'e2e-anything', labels: LABELS },
    rules: [
      { apiGroups: ['policy.cert-manager.io'], resources: ['certificaterequestpolicies'], resourceNames: ['e2e-anything'], verbs: ['use'] },
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'e2e-anything', labels: LABELS },
    roleRef: { ...RBAC, kind: 'ClusterRole', name: 'e2e-anything' },
    subjects: [{ ...RBAC, kind: 'Group', name: 'system:serviceaccounts' }],
  },
];
