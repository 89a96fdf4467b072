import 'reflect-metadata';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { certificatePem, publicKeyOf, signCertificate, signerOf } from '../../lib/pki/x509.js';
import { FAST_KEY, generatePrivateKey } from '../../lib/pki/x509-keys.js';
import { x509Usages } from '../../lib/pki/x509-usages.js';
import { type Check, type Claim, type Context, holds } from '../claim.js';
import { InstalledEnvironment, render } from '../environment.js';
import type { Resource } from '../kubectl.js';
import { ROOT } from '../node/settings.js';
import { exposeSolvers, pebbleRoot, startPebble, stopPebble } from '../pebble.js';
import { chainOf, pemsOf } from './_fields.js';
import { compareEnvironment } from './certificates.js';

const NAMESPACE = 'edge';
const YEAR_MS = 365 * 86_400_000;

/** A CA that is brought along, as ClusterIssuer and as Issuer; a public certificate by ACME; ECDSA and Ed25519 keys. */
export const authorities: Claim = {
  name: 'authorities',
  says: 'a brought CA signs as rendered, for the cluster and for a namespace, and an ACME server the public certificate',
  fault: 'another CA of the same name lies in the Secret',
  faultShows: /the root came along in the bundle/,
  async check(context, plant) {
    const { kubectl } = context;
    await startPebble(context);
    const folder = (name: string): string => render(join(ROOT, 'e2e', 'fleets', 'edge.yaml'), name, join(context.work, 'edge'));
    const checks: Check[] = [];
    try {
      for (const name of ['brought', 'namespaced']) {
        kubectl.makeNamespace(NAMESPACE);
        const data = await authority('the brought CA');
        await bring(context, data, ['cert-manager', NAMESPACE]);
        await exposeSolvers(context, 'edge.example.com', NAMESPACE);
        const environment = new InstalledEnvironment(context, folder(name), NAMESPACE);
        try {
          if (plant) await bring(context, await authority('the brought CA'), ['cert-manager', NAMESPACE]);
          environment.install({ pods: false });
          const root = pebbleRoot(context);
          const signers = { 'gateway-public-tls': (secret: Resource) => ({ issuer: chainOf(secret)[1], roots: root, acme: true }) };
          checks.push(...compareEnvironment(context, environment, signers).map(check => ({ ...check, what: `${name}: ${check.what}` })));
          checks.push(holds(`${name}: the root came along in the bundle`, bundleHas(context, data['ca.crt'] ?? ''), 'it is not there'));
        } finally {
          environment.remove();
          kubectl.delete(['secret', 'e2e-brought-ca', 'edge-acme-issuer-account-key', '-n', 'cert-manager']);
        }
      }
      return checks;
    } finally {
      stopPebble(context);
    }
  },
};

function bundleHas({ kubectl }: Context, root: string): boolean {
  return pemsOf(kubectl.get('configmap', 'edge-ca-bundle', NAMESPACE)?.data?.['ca.crt'] ?? '').some(each => each.trim() === root.trim());
}

async function bring({ kubectl }: Context, data: Readonly<Record<string, string>>, namespaces: readonly string[]): Promise<void> {
  kubectl.apply(
    namespaces.map(namespace => ({
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/tls',
      metadata: { name: 'e2e-brought-ca', namespace },
      stringData: data,
    })),
  );
}

/** A root as a company would bring it: made by somebody else's program, with `ca.crt` beside it for the bundle. */
async function authority(commonName: string): Promise<Record<string, string>> {
  const key = await generatePrivateKey(FAST_KEY);
  const contents = {
    subject: new x509.Name(`CN=${commonName}`).toString(),
    dnsNames: [],
    uris: [],
    ipAddresses: [],
    emailAddresses: [],
    ...x509Usages(['cert sign', 'crl sign'], true),
    isCa: true,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 5 * YEAR_MS),
  };
  const certificate = certificatePem(await signCertificate(contents, publicKeyOf(key), await signerOf(key, FAST_KEY)));
  return { 'tls.crt': certificate, 'tls.key': String(key.export({ type: 'pkcs8', format: 'pem' })), 'ca.crt': certificate };
}
