import { join } from 'node:path';
import { type Check, type Claim, type Context, holds } from '../claim.js';
import { InstalledEnvironment } from '../environment.js';
import type { Resource } from '../kubectl.js';
import { until } from '../node/processes.js';
import { ROOT } from '../node/settings.js';
import { compareFields, type Expected, pemsOf } from './_fields.js';

/** Each Certificate of dev and staging, as cert-manager has issued it, field by field. */
export const certificates: Claim = {
  name: 'certificates',
  says: 'certificates are issued as rendered, field by field: self-signed root, intermediate',
  fault: 'a DNS name is added to a Certificate in the cluster',
  faultShows: /control-api-tls DNS names/,
  async check(context, plant) {
    const checks: Check[] = [];
    for (const name of ['dev', 'staging']) {
      const environment = new InstalledEnvironment(context, join(ROOT, 'dist', name), 'sentinel-system');
      environment.install({ pods: false });
      try {
        if (plant) await addName(context);
        checks.push(...compareEnvironment(context, environment).map(check => ({ ...check, what: `${name}: ${check.what}` })));
      } finally {
        environment.remove();
      }
    }
    return checks;
  },
};

/** Every Certificate of an environment against the one in its Secret, with the signer from its issuer and the roots from the bundle. */
export function compareEnvironment({ kubectl }: Context, environment: InstalledEnvironment, signers: Signers = {}): Check[] {
  const [bundle] = environment.ofKind('Bundle');
  const roots = kubectl.get('configmap', bundle?.metadata.name ?? '', environment.namespace)?.data?.['ca.crt'] ?? '';
  const declared = environment.ofKind('Certificate');
  const services = environment
    .ofKind('ServiceAccount')
    .map(({ metadata }) => metadata.name)
    .filter(name => !name.endsWith('-vault-issuer'));
  const leaves = declared.filter(({ spec }) => spec.isCA !== true).map(({ metadata }) => metadata.name);
  const [certificates, secrets] = [everyOne(kubectl, 'certificates'), everyOne(kubectl, 'secrets')];
  const issuers = environment.objects.filter(({ kind }) => kind === 'ClusterIssuer' || kind === 'Issuer');
  return [
    holds('a leaf per service', services.length > 0 && services.every(service => leaves.includes(`${service}-tls`)), leaves.join(', ')),
    ...declared.flatMap(rendered => {
      const { name, namespace = '' } = rendered.metadata;
      const live = certificates.get(`${namespace}/${name}`);
      const secret = secrets.get(`${namespace}/${rendered.spec.secretName}`);
      if (live === undefined || secret === undefined) return [holds(`${namespace}/${name} is issued`, false, 'there is none')];
      const issuer = issuers.find(each => each.metadata.name === rendered.spec.issuerRef.name);
      // fields are those of the file, the status is the cluster's
      const certificate = { ...rendered, status: live.status } as Resource;
      return compareFields(certificate, secret, signers[name]?.(secret) ?? { issuer: signerOf(secrets, issuer), roots });
    }),
  ];
}

/** What a certificate is held to, where its signer is outside of the cluster; by name of the Certificate. */
export type Signers = Readonly<Record<string, (secret: Resource) => Expected>>;

type ByName = ReadonlyMap<string, Resource>;

/** By `namespace/name`. */
const everyOne = (kubectl: Context['kubectl'], kind: string): ByName =>
  new Map(kubectl.list(kind, '-A').map(each => [`${each.metadata.namespace}/${each.metadata.name}`, each]));

/** The certificate with which an issuer of kind `ca` signs; undefined for one that lets each sign itself. */
function signerOf(secrets: ByName, issuer: Resource | undefined): string | undefined {
  const name: string | undefined = issuer?.spec?.ca?.secretName;
  if (name === undefined) return undefined;
  const secret = secrets.get(`${issuer?.metadata.namespace ?? 'cert-manager'}/${name}`);
  return pemsOf(Buffer.from(secret?.data?.['tls.crt'] ?? '', 'base64').toString('utf8'))[0];
}

async function addName({ kubectl }: Context): Promise<void> {
  const [name, namespace] = ['control-api-tls', 'sentinel-system'];
  const before = kubectl.get('certificate', name, namespace)?.status?.revision;
  const patch = JSON.stringify([{ op: 'add', path: '/spec/dnsNames/-', value: 'planted.example' }]);
  kubectl.run(['patch', 'certificate', name, '-n', namespace, '--type=json', '-p', patch]);
  await until('the changed Certificate is issued anew', 60, () => kubectl.get('certificate', name, namespace)?.status?.revision > before);
}
