import 'reflect-metadata';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { certificatePem, signCertificate, signerOf } from '../../lib/pki/x509.js';
import { x509Usages } from '../../lib/pki/x509-usages.js';
import { type Check, type Claim, type Context, holds, same } from '../claim.js';
import { InstalledEnvironment } from '../environment.js';
import { until } from '../node/processes.js';
import { ROOT } from '../node/settings.js';
import { type Alert, Prometheus } from '../prometheus.js';
import { NAMESPACE } from './_sentinel.js';

const HOUR_MS = 3_600_000;
/** Rules are looked at once a minute, in three groups one after the other, and the alert waits for a minute. */
const ALERT_SECONDS = 360;
const EXPIRED = 'MtlsCertificateExpired';

/** A real Prometheus scrapes the real cert-manager and evaluates the rules as they are shipped, with their own waits. */
export const alerts: Claim = {
  name: 'alerts',
  says: 'alerts fire: a certificate that expires while its CA is away, and only for that certificate',
  fault: `the threshold of ${EXPIRED} is set out of reach`,
  faultShows: new RegExp(`^${EXPIRED} fires`),
  async check(context, plant) {
    const environment = new InstalledEnvironment(context, join(ROOT, 'dist', 'dev'), NAMESPACE);
    const prometheus = new Prometheus(context);
    try {
      environment.install({ pods: false });
      const rules = readFileSync(join(environment.folder, 'monitoring', 'rules.yaml'), 'utf8');
      await prometheus.start(plant ? outOfReach(rules) : rules);
      const names = environment
        .ofKind('Certificate')
        .map(({ metadata }) => metadata.name)
        .sort();
      const known = await untilSeen(prometheus, names);
      const quiet = (await prometheus.alerts()).filter(isFiring).map(nameOf);
      await letExpire(context, 'control-api-tls');
      let firing: string[] = [];
      await until(`${EXPIRED} fires`, ALERT_SECONDS, async () => {
        firing = (await prometheus.alerts()).filter(isFiring).map(nameOf).sort();
        return firing.some(name => name.startsWith(EXPIRED));
      }).catch(() => undefined);
      return [
        same('the rules see every certificate of the fleet as ready', known, names),
        same('nothing fires while all is well', quiet, []),
        holds(
          `${EXPIRED} fires within ${ALERT_SECONDS} s`,
          firing.includes(`${EXPIRED} control-api-tls`),
          `firing: ${firing.join(', ') || 'nothing'}`,
        ),
        same(
          'nothing else fires with it',
          firing.filter(name => name !== `${EXPIRED} control-api-tls`),
          [],
        ),
      ] satisfies Check[];
    } finally {
      await prometheus.stop();
      environment.remove();
    }
  },
};

const isFiring = ({ state }: Alert): boolean => state === 'firing';
const nameOf = ({ labels }: Alert): string => `${labels.alertname} ${labels.name ?? ''}`.trim();

async function untilSeen(prometheus: Prometheus, names: readonly string[]): Promise<string[]> {
  let seen: string[] = [];
  await until('the rules see the certificates', 180, async () => {
    seen = (await prometheus.query('sentinel:certificate_ready:max{fleet="sentinel"} == 1')).map(({ metric }) => metric.name ?? '').sort();
    return seen.length >= names.length;
  }).catch(() => undefined);
  return seen;
}

/** The CA goes, so that nothing can be renewed; then the Secret gets a certificate for the same key that ended an hour ago. */
async function letExpire({ kubectl }: Context, name: string): Promise<void> {
  const read = (secret: string, namespace: string, key: string): string =>
    Buffer.from(kubectl.get('secret', secret, namespace)?.data?.[key] ?? '', 'base64').toString('utf8');
  const [root, rootKey] = [read('sentinel-ca-secret', 'cert-manager', 'tls.crt'), read('sentinel-ca-secret', 'cert-manager', 'tls.key')];
  const leaf = read(name, NAMESPACE, 'tls.crt');
  kubectl.delete(['certificate', 'sentinel-ca', '-n', 'cert-manager']);
  kubectl.delete(['secret', 'sentinel-ca-secret', '-n', 'cert-manager']);
  await until('the issuer is not ready', 60, () =>
    (kubectl.get('clusterissuer', 'sentinel-ca-issuer')?.status?.conditions ?? []).some(
      (condition: { type: string; status: string }) => condition.type === 'Ready' && condition.status === 'False',
    ),
  );
  const authority = await signerOf(createPrivateKey(rootKey), { algorithm: 'RSA', size: 4096 }, new x509.X509Certificate(root));
  const expired = await signCertificate(expiredLike(new x509.X509Certificate(leaf)), new X509Certificate(leaf).publicKey, authority);
  const data = { 'tls.crt': Buffer.from(certificatePem(expired)).toString('base64') };
  kubectl.run(['patch', 'secret', name, '-n', NAMESPACE, '--type=merge', '-p', JSON.stringify({ data })]);
}

function expiredLike(leaf: x509.X509Certificate): Parameters<typeof signCertificate>[0] {
  const names = leaf.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? [];
  const ofType = (type: string): string[] => names.filter(name => name.type === type).map(({ value }) => value);
  return {
    subject: leaf.subject,
    dnsNames: ofType('dns'),
    uris: ofType('url'),
    ipAddresses: [],
    emailAddresses: [],
    ...x509Usages(['server auth', 'client auth', 'digital signature', 'key encipherment'], false),
    isCa: false,
    notBefore: new Date(Date.now() - 3 * HOUR_MS),
    notAfter: new Date(Date.now() - HOUR_MS),
  };
}

function outOfReach(rules: string): string {
  const at = rules.indexOf(`alert: ${EXPIRED}`);
  const from = rules.indexOf('> 0', at);
  if (at < 0 || from < 0) throw new Error(`the rules have no ${EXPIRED} with "> 0"`);
  return `${rules.slice(0, from)}> 1e12${rules.slice(from + '> 0'.length)}`;
}
