import { createPublicKey } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificatePem, publicKeyOf, type Signer, signCertificate, signerOf } from '../../lib/pki/x509.js';
import { FAST_KEY, generatePrivateKey } from '../../lib/pki/x509-keys.js';
import { x509Usages } from '../../lib/pki/x509-usages.js';
import { API_PORT, API_SERVICE_ADDRESS, CONFIG, NODE_ADDRESS, NODE_NAME, PKI } from './settings.js';

const DAY_MS = 86_400_000;

interface Entity {
  readonly commonName: string;
  readonly organization?: string;
  readonly serves?: { readonly dnsNames: readonly string[]; readonly ipAddresses: readonly string[] };
}

/** Who talks to the API server with a certificate; each gets a kubeconfig of its name. */
const CLIENTS: Readonly<Record<string, Entity>> = {
  admin: { commonName: 'e2e-admin', organization: 'system:masters' },
  'controller-manager': { commonName: 'system:kube-controller-manager' },
  scheduler: { commonName: 'system:kube-scheduler' },
  kubelet: { commonName: `system:node:${NODE_NAME}`, organization: 'system:nodes' },
  'kube-proxy': { commonName: 'system:kube-proxy' },
  'policy-agent': { commonName: 'e2e-policy-agent' },
  'apiserver-kubelet': { commonName: 'kube-apiserver-kubelet-client', organization: 'system:masters' },
};

const SERVERS: Readonly<Record<string, Entity>> = {
  apiserver: {
    commonName: 'kube-apiserver',
    serves: {
      dnsNames: ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'],
      ipAddresses: ['127.0.0.1', NODE_ADDRESS, API_SERVICE_ADDRESS],
    },
  },
  'kubelet-server': { commonName: NODE_NAME, serves: { dnsNames: [NODE_NAME], ipAddresses: [NODE_ADDRESS] } },
};

/** The cluster's own certificates, P-256, for ten days: nothing here outlives a run. */
export async function makePki(): Promise<void> {
  for (const folder of [PKI, CONFIG]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const cluster = await makeAuthority('ca', 'e2e cluster CA');
  for (const [name, entity] of Object.entries({ ...CLIENTS, ...SERVERS })) await issue(cluster, name, entity);
  const frontProxy = await makeAuthority('front-proxy-ca', 'e2e front proxy CA');
  await issue(frontProxy, 'front-proxy-client', { commonName: 'front-proxy-client' });
  // what browsers and system stores trust is played by this one: it signs the servers that stand in for hosts of the internet
  await makeAuthority('public-ca', 'e2e public CA');
  const signing = await generatePrivateKey({ algorithm: 'RSA', size: 2048 });
  write('service-account.key', signing.export({ type: 'pkcs8', format: 'pem' }));
  write('service-account.pub', createPublicKey(signing).export({ type: 'spki', format: 'pem' }));
  for (const name of Object.keys(CLIENTS)) writeFileSync(join(CONFIG, `${name}.kubeconfig`), kubeconfig(name), { mode: 0o600 });
}

async function makeAuthority(name: string, commonName: string): Promise<Signer> {
  const key = await generatePrivateKey(FAST_KEY);
  const contents = contentsOf({ commonName }, true);
  const certificate = await signCertificate(contents, publicKeyOf(key), await signerOf(key, FAST_KEY));
  write(`${name}.crt`, certificatePem(certificate));
  write(`${name}.key`, key.export({ type: 'pkcs8', format: 'pem' }));
  return signerOf(key, FAST_KEY, certificate);
}

async function issue(authority: Signer, name: string, entity: Entity): Promise<void> {
  const key = await generatePrivateKey(FAST_KEY);
  write(`${name}.crt`, certificatePem(await signCertificate(contentsOf(entity, false), publicKeyOf(key), authority)));
  write(`${name}.key`, key.export({ type: 'pkcs8', format: 'pem' }));
}

function contentsOf({ commonName, organization, serves }: Entity, isCa: boolean): Parameters<typeof signCertificate>[0] {
  const usage = serves === undefined ? ('client auth' as const) : ('server auth' as const);
  return {
    subject: [
      ...(organization === undefined ? [] : [{ O: [{ utf8String: organization }] as [{ utf8String: string }] }]),
      { CN: [{ utf8String: commonName }] },
    ],
    dnsNames: serves?.dnsNames ?? [],
    ipAddresses: serves?.ipAddresses ?? [],
    uris: [],
    emailAddresses: [],
    ...x509Usages(isCa ? ['digital signature', 'cert sign'] : ['digital signature', usage], isCa),
    isCa,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 10 * DAY_MS),
  };
}

const write = (file: string, content: string | Buffer): void => writeFileSync(join(PKI, file), content, { mode: 0o600 });

const kubeconfig = (name: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'e2e', cluster: { server: `https://${NODE_ADDRESS}:${API_PORT}`, 'certificate-authority': join(PKI, 'ca.crt') } }],
    users: [{ name, user: { 'client-certificate': join(PKI, `${name}.crt`), 'client-key': join(PKI, `${name}.key`) } }],
    contexts: [{ name: 'e2e', context: { cluster: 'e2e', user: name } }],
    'current-context': 'e2e',
  });
