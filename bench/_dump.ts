import { mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { certificatePem, publicKeyOf, signCertificate, signerOf } from '../lib/pki/x509.js';
import { FAST_KEY, generatePrivateKey } from '../lib/pki/x509-keys.js';
import { x509Usages } from '../lib/pki/x509-usages.js';

const DAY = 86_400_000;
const PER_NAMESPACE = 100;

/** Writes a dump of a healthy cluster, as `doctor --dump` does: for each certificate a Certificate, a Secret, a request and a pod. */
async function main(folder: string, count: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const now = Date.now();
  const [caKey, key] = [await generatePrivateKey(FAST_KEY), await generatePrivateKey(FAST_KEY)];
  const names = { uris: [], ipAddresses: [], emailAddresses: [] };
  const ca = await signCertificate(
    {
      ...names,
      subject: 'CN=bench root',
      dnsNames: [],
      isCa: true,
      ...x509Usages(['cert sign'], true),
      notBefore: new Date(now - DAY),
      notAfter: new Date(now + 3649 * DAY),
    },
    publicKeyOf(caKey),
    await signerOf(caKey, FAST_KEY),
  );
  const signer = await signerOf(caKey, FAST_KEY, ca);
  const root = base64(certificatePem(ca));
  const files = new Map<string, number>();
  const write = (resource: string, object: object): void => {
    const file = files.get(resource) ?? openSync(join(folder, `${resource}.jsonl`), 'w', 0o600);
    files.set(resource, file);
    writeSync(file, `${JSON.stringify(object)}\n`);
  };
  const condition = (type: string): object => ({
    type,
    status: 'True',
    reason: type,
    message: '',
    lastTransitionTime: new Date(now - DAY).toISOString(),
  });
  const labels = { 'sentinel-mtls.io/fleet': 'bench' };
  write('clusterissuers.cert-manager.io', {
    apiVersion: 'cert-manager.io/v1',
    kind: 'ClusterIssuer',
    metadata: { name: 'bench' },
    spec: { ca: { secretName: 'bench' } },
    status: { conditions: [condition('Ready')] },
  });
  const held = { 'tls.key': { bytes: 241, form: 'PKCS8', fits: true } };
  write('secrets', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'bench', namespace: 'cert-manager' },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': root, 'ca.crt': root },
    held,
    writers: ['cert-manager-certificates-issuing'],
  });
  for (let index = 0; index < count; index++) {
    const namespace = `bench-${Math.floor(index / PER_NAMESPACE)}`;
    const name = `service-${index}`;
    const dnsNames = [name, `${name}.${namespace}`, `${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`];
    const uris = [`spiffe://bench.internal/ns/${namespace}/sa/${name}`];
    const usages = ['digital signature', 'server auth', 'client auth'] as const;
    const leaf = await signCertificate(
      {
        ...names,
        subject: `CN=${name}`,
        dnsNames,
        uris,
        isCa: false,
        ...x509Usages(usages, false),
        notBefore: new Date(now - DAY),
        notAfter: new Date(now + 89 * DAY),
      },
      publicKeyOf(key),
      signer,
    );
    if (index % PER_NAMESPACE === 0) {
      write('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      write('networkpolicies.networking.k8s.io', {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'default-deny', namespace, labels },
        spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
      });
    }
    const metadata = { name: `${name}-tls`, namespace, labels, creationTimestamp: new Date(now - DAY).toISOString() };
    const issuerRef = { name: 'bench', kind: 'ClusterIssuer', group: 'cert-manager.io' };
    const annotations = {
      'cert-manager.io/certificate-name': `${name}-tls`,
      'cert-manager.io/issuer-name': 'bench',
      'cert-manager.io/issuer-kind': 'ClusterIssuer',
    };
    write('certificates.cert-manager.io', {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata,
      spec: {
        secretName: `${name}-tls`,
        dnsNames,
        uris,
        usages,
        duration: '2160h',
        privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
        issuerRef,
      },
      status: {
        conditions: [condition('Ready')],
        notAfter: new Date(now + 89 * DAY).toISOString(),
        renewalTime: new Date(now + 59 * DAY).toISOString(),
        revision: 1,
      },
    });
    write('secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...metadata, annotations },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': base64(certificatePem(leaf)), 'ca.crt': root },
      held,
      writers: ['cert-manager-certificates-issuing'],
    });
    write('certificaterequests.cert-manager.io', {
      apiVersion: 'cert-manager.io/v1',
      kind: 'CertificateRequest',
      metadata: { ...metadata, name: `${name}-tls-1`, annotations },
      spec: { issuerRef, usages },
      status: { conditions: [condition('Approved'), condition('Ready')] },
    });
    write('pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `${name}-abc-1`,
        namespace,
        labels: { ...labels, 'pod-template-hash': 'abc' },
        ownerReferences: [{ kind: 'ReplicaSet', name: `${name}-abc`, controller: true }],
      },
      spec: {
        containers: [{ name: 'main', image: 'registry.example/service:1' }],
        volumes: [{ name: 'mtls', projected: { sources: [{ secret: { name: `${name}-tls` } }] } }],
      },
      status: { phase: 'Running', startTime: new Date(now).toISOString() },
    });
  }
  const { DOCTOR_RESOURCES } = require('../lib/cluster/index.js') as typeof import('../lib/cluster/index.js');
  const absent = ['customresourcedefinitions.apiextensions.k8s.io'];
  const header = {
    schemaVersion: 1,
    takenAt: new Date(now).toISOString(),
    skewMs: 0,
    kubernetes: 'v1.34.4',
    context: 'bench',
    resources: DOCTOR_RESOURCES.map(({ name }) => name),
    namespaces: [],
    gaps: absent.map(resource => ({ resource, reason: 'failed', message: 'left out of the bench' })),
    webhook: null,
  };
  writeFileSync(join(folder, 'snapshot.json'), JSON.stringify(header), { mode: 0o600 });
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const [folder = '', count = '0'] = process.argv.slice(2);
main(folder, Number(count)).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
