import 'reflect-metadata';
import { createPrivateKey } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { type CertificateContents, certificatePem, publicKeyOf, type Signer, signCertificate, signerOf } from '../../lib/pki/x509.js';
import { FAST_KEY, generatePrivateKey } from '../../lib/pki/x509-keys.js';
import { x509Usages } from '../../lib/pki/x509-usages.js';
import { type Check, type Context, holds, same } from '../claim.js';
import type { Resource } from '../kubectl.js';
import type { CallOutcome } from '../pods/call.js';
import { callFrom, refusalsBy } from './_calls.js';
import { hostOf, NAMESPACE, spiffeIdOf } from './_sentinel.js';

const TARGET = { host: hostOf('control-api'), port: '8000' };
const CALLER = spiffeIdOf('node-agent');
const IMAGE = 'ghcr.io/sentinel/node-agent:0.4.0';
/** On what is made here, to find it again. */
const ATTACK = { e2e: 'attack' };
const OTHER_NAMESPACES = ['outside', 'monitoring'];
const HOUR_MS = 3_600_000;

type Outcome = CallOutcome['outcome'];
type When = 'with network policies' | 'without network policies';

interface Attack {
  readonly run: (context: Context) => Promise<Check>;
}

interface Attempt {
  readonly what: string;
  /** Namespace and pod. */
  readonly from: string;
  readonly words: readonly string[];
  readonly ends: Readonly<Record<When, Outcome>>;
  /** The runtime library's code for it, where it comes that far; see conformance/codes.json. */
  readonly code?: string;
}

/** Who tries what, and how far it may come. `own` means the credentials that are made for the attack; the target admits node-agent. */
const ATTACKS: readonly Attempt[] = [
  {
    what: "no certificate, from a pod with a declared caller's labels",
    from: 'sentinel-system/forged-label',
    words: ['--folder', '/attack/foreign', '--no-certificate'],
    code: 'peer-no-certificate',
    ends: { 'with network policies': 'handshake', 'without network policies': 'handshake' },
  },
  {
    what: "a foreign CA's certificate with a declared caller's name and labels",
    from: 'sentinel-system/forged-label',
    words: ['--folder', '/attack/foreign'],
    code: 'peer-chain-untrusted',
    ends: { 'with network policies': 'handshake', 'without network policies': 'handshake' },
  },
  {
    what: "a declared caller's certificate that has expired, with its labels",
    from: 'sentinel-system/forged-label',
    words: ['--folder', '/attack/expired'],
    code: 'peer-expired',
    ends: { 'with network policies': 'handshake', 'without network policies': 'handshake' },
  },
  {
    what: "a certificate of the fleet's CA for the same account in another namespace, with a declared caller's labels",
    from: 'sentinel-system/forged-label',
    words: ['--folder', '/attack/other-namespace'],
    code: 'peer-not-listed',
    ends: { 'with network policies': 'handshake', 'without network policies': 'handshake' },
  },
  {
    what: 'a stolen certificate of a declared caller, used in another namespace with its labels',
    from: 'outside/forged-label',
    words: ['--folder', '/attack/stolen'],
    // nobody but the network can tell: the certificate is right
    ends: { 'with network policies': 'no connection', 'without network policies': 'answered' },
  },
  {
    what: 'no certificate, from another namespace',
    from: 'outside/forged-label',
    words: ['--folder', '/attack/foreign', '--no-certificate'],
    ends: { 'with network policies': 'no connection', 'without network policies': 'handshake' },
  },
];

export function attackers(when: When): Attack[] {
  return ATTACKS.map(({ what, from, words, ends }) => ({
    async run(context) {
      const [namespace = '', pod = ''] = from.split('/');
      const { outcome, detail } = await callFrom(context, namespace, pod, [TARGET.host, TARGET.port, ...words]);
      const check = same(`attack: ${what}, ${when}`, outcome, ends[when]);
      return check.ok ? check : { ...check, found: `${check.found} (${detail})` };
    },
  }));
}

/** The server has counted each attack under the reason that it is made to have. */
export async function attacksByReason(context: Context, pod: string): Promise<Check[]> {
  const refused = await refusalsBy(context, NAMESPACE, pod);
  return ATTACKS.flatMap(({ what, code }) =>
    code === undefined ? [] : [holds(`attack: ${what}: the server says ${code}`, refused.includes(code), `it says ${refused.join(', ')}`)],
  );
}

/** Pods with the attackers' credentials, in the fleet's namespace and outside of it, and a Prometheus. */
export async function makeAttackers(context: Context, fleetNamespace: string): Promise<void> {
  const { kubectl } = context;
  const secrets = await credentials(kubectl.get('secret', 'sentinel-ca-secret', 'cert-manager'));
  for (const namespace of OTHER_NAMESPACES) kubectl.makeNamespace(namespace);
  const secret = (namespace: string, name: string): object => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `attack-${name}`, namespace, labels: ATTACK },
    stringData: secrets[name],
  });
  const names = Object.keys(secrets);
  const forged = { app: 'node-agent', 'app.kubernetes.io/name': 'node-agent', 'sentinel-mtls.io/fleet': 'sentinel' };
  kubectl.apply([
    ...[fleetNamespace, 'outside'].flatMap(namespace => [
      ...names.map(name => secret(namespace, name)),
      pod('forged-label', namespace, forged, names, ownerIn(context, namespace)),
    ]),
    pod('prometheus', 'monitoring', { 'app.kubernetes.io/name': 'prometheus' }, [], ownerIn(context, 'monitoring')),
  ]);
  for (const namespace of [fleetNamespace, 'outside']) kubectl.untilCondition('pod', ['forged-label'], namespace, 'ContainersReady', 60);
  kubectl.untilCondition('pod', ['prometheus'], 'monitoring', 'ContainersReady', 60);
}

export function removeAttackers({ kubectl }: Context, fleetNamespace: string): void {
  kubectl.delete(['pods,secrets', '-l', `e2e=${ATTACK.e2e}`, '-n', fleetNamespace]);
  kubectl.delete(['namespace', ...OTHER_NAMESPACES]);
}

/** A pod with an owner is not adopted by the controller whose labels it forges. */
function ownerIn({ kubectl }: Context, namespace: string): object {
  const account = kubectl.get('serviceaccount', 'default', namespace);
  return { apiVersion: 'v1', kind: 'ServiceAccount', name: 'default', uid: account?.metadata.uid, controller: true };
}

function pod(name: string, namespace: string, labels: object, secrets: readonly string[], owner: object): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { ...labels, ...ATTACK }, ownerReferences: [owner] },
    spec: {
      // never ready, so that no Service sends it what is meant for the real one
      readinessGates: [{ conditionType: 'sentinel-mtls.io/never' }],
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'attacker',
          image: IMAGE,
          args: ['listen', 'TCP/7777'],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          volumeMounts: secrets.map(secret => ({ name: secret, mountPath: `/attack/${secret}`, readOnly: true })),
        },
      ],
      volumes: secrets.map(secret => ({ name: secret, secret: { secretName: `attack-${secret}` } })),
    },
  };
}

/** Files of each attack. The fleet's own CA signs the expired, the misplaced and the stolen one: those are mistakes that a CA can make. */
async function credentials(caSecret: Resource | undefined): Promise<Record<string, Record<string, string>>> {
  const read = (key: string): string => Buffer.from(caSecret?.data?.[key] ?? '', 'base64').toString('utf8');
  const [roots, spec] = [read('tls.crt'), { algorithm: 'RSA', size: 4096 } as const];
  const authority = await signerOf(createPrivateKey(read('tls.key')), spec, new x509.X509Certificate(roots));
  const now = Date.now();
  const fresh = { notBefore: new Date(now - HOUR_MS), notAfter: new Date(now + HOUR_MS) };
  const other = spiffeIdOf('node-agent', 'outside');
  return {
    foreign: await files(await foreignAuthority(authority), roots, { uris: [CALLER], ...fresh }),
    expired: await files(authority, roots, { uris: [CALLER], notBefore: new Date(now - 2 * HOUR_MS), notAfter: new Date(now - HOUR_MS) }),
    'other-namespace': await files(authority, roots, { uris: [other], ...fresh }),
    stolen: await files(authority, roots, { uris: [CALLER], ...fresh }),
  };
}

/** A root with the fleet's name and another key. */
async function foreignAuthority(authority: Signer): Promise<Signer> {
  const key = await generatePrivateKey(FAST_KEY);
  const self = await signerOf(key, FAST_KEY);
  const subject = authority.certificate?.subject ?? '';
  const certificate = await signCertificate(
    {
      ...LEAF,
      ...x509Usages(['cert sign'], true),
      subject,
      isCa: true,
      notBefore: new Date(Date.now() - HOUR_MS),
      notAfter: new Date(Date.now() + HOUR_MS),
    },
    publicKeyOf(key),
    self,
  );
  return signerOf(key, FAST_KEY, certificate);
}

const LEAF = {
  subject: 'CN=node-agent.sentinel-system.svc.cluster.local',
  dnsNames: ['node-agent.sentinel-system.svc.cluster.local'],
  uris: [] as string[],
  ipAddresses: [],
  emailAddresses: [],
  ...x509Usages(['digital signature', 'client auth', 'server auth'], false),
  isCa: false,
};

async function files(
  authority: Signer,
  roots: string,
  contents: Pick<CertificateContents, 'uris' | 'notBefore' | 'notAfter'>,
): Promise<Record<string, string>> {
  const key = await generatePrivateKey(FAST_KEY);
  const certificate = await signCertificate({ ...LEAF, ...contents }, publicKeyOf(key), authority);
  return { 'tls.crt': certificatePem(certificate), 'tls.key': String(key.export({ type: 'pkcs8', format: 'pem' })), 'ca.crt': roots };
}
