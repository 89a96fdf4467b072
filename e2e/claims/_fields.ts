import 'reflect-metadata';
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { type Check, holds, same } from '../claim.js';
import type { Resource } from '../kubectl.js';
import { attempt } from '../node/processes.js';

/** Usages in cert-manager's words by what X.509 calls them; RFC 5280 4.2.1.3 and 4.2.1.12. */
const EXTENDED: Readonly<Record<string, string>> = {
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
};
const BITS: Readonly<Record<string, number>> = {
  'digital signature': x509.KeyUsageFlags.digitalSignature,
  'key encipherment': x509.KeyUsageFlags.keyEncipherment,
  'cert sign': x509.KeyUsageFlags.keyCertSign,
  'crl sign': x509.KeyUsageFlags.cRLSign,
};

const SECOND_MS = 1000;

/** What the issuer may decide for itself, since no Certificate can ask for it. */
export interface Expected {
  /** The signing certificate, PEM; it is not itself when undefined. */
  readonly issuer: string | undefined;
  /** Roots that must make the chain valid. */
  readonly roots: string;
  /** An ACME server decides itself how long a certificate lives and what its subject is. @default false */
  readonly acme?: boolean;
}

/** Compares each field of an issued certificate, its key and its Secret with the Certificate that asked for it. */
export function compareFields(certificate: Resource, secret: Resource, { issuer, roots, acme = false }: Expected): Check[] {
  const { metadata, spec } = certificate;
  const text = (key: string): string => Buffer.from(secret.data?.[key] ?? '', 'base64').toString('utf8');
  const [leaf = '', ...chain] = pemsOf(text('tls.crt'));
  const parsed = new x509.X509Certificate(leaf);
  const own = (what: string): string => `${metadata.namespace}/${metadata.name} ${what}`;
  const names = parsed.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? [];
  const ofType = (type: string): string[] =>
    names
      .filter(name => name.type === type)
      .map(name => name.value)
      .sort();
  const lifetime = (parsed.notAfter.getTime() - parsed.notBefore.getTime()) / SECOND_MS;
  // defaults of cert-manager v1
  const { algorithm = 'RSA', size = algorithm === 'RSA' ? 2048 : 256, encoding = 'PKCS1' } = spec.privateKey ?? {};
  const header =
    encoding === 'PKCS8' || algorithm === 'Ed25519' ? 'PRIVATE KEY' : algorithm === 'RSA' ? 'RSA PRIVATE KEY' : 'EC PRIVATE KEY';
  const asked = secondsOf(spec.duration ?? '2160h');
  const usages: string[] = spec.usages;
  const bits = usages.reduce((sum, usage) => sum | (BITS[usage] ?? 0), spec.isCA === true ? (BITS['cert sign'] ?? 0) : 0);
  const constraints = parsed.getExtension(x509.BasicConstraintsExtension);
  const key = createPrivateKey(text('tls.key'));
  return [
    ...(acme
      ? []
      : [
          same(own('subject'), parsed.subjectName.getField('CN'), spec.commonName === undefined ? [] : [spec.commonName]),
          holds(own('lifetime'), Math.abs(lifetime - asked) <= BACKDATED_SECONDS, `found ${lifetime} s, expected ${asked} s`),
        ]),
    same(own('DNS names'), ofType('dns'), [...(spec.dnsNames ?? [])].sort()),
    same(own('URIs'), ofType('url'), [...(spec.uris ?? [])].sort()),
    same(own('other names'), names.filter(name => name.type !== 'dns' && name.type !== 'url').length, 0),
    same(own('key usages'), parsed.getExtension(x509.KeyUsagesExtension)?.usages, bits),
    same(
      own('extended key usages'),
      [...(parsed.getExtension(x509.ExtendedKeyUsageExtension)?.usages ?? [])].sort(),
      usages.flatMap(usage => EXTENDED[usage] ?? []).sort(),
    ),
    same(own('is a CA'), constraints?.ca ?? false, spec.isCA === true),
    same(own('key'), keyOf(new X509Certificate(leaf).publicKey), algorithm === 'Ed25519' ? algorithm : `${algorithm} ${size}`),
    holds(own('key is the of the certificate'), new X509Certificate(leaf).checkPrivateKey(key), 'it is another'),
    same(own('key encoding'), text('tls.key').split('\n')[0], `-----BEGIN ${header}-----`),
    holds(own('renewal'), renewalIsRight(certificate, parsed), `found ${certificate.status?.renewalTime}`),
    same(own('issuer'), parsed.issuer, issuer === undefined ? parsed.subject : new x509.X509Certificate(issuer).subject),
    verifies(own('chain'), leaf, chain, roots),
    same(own('Secret type'), secret.type, 'kubernetes.io/tls'),
    same(own('Secret labels'), subset(secret.metadata.labels, spec.secretTemplate?.labels), spec.secretTemplate?.labels ?? {}),
  ];
}

/** Vault dates a certificate 30 s back by default, for clocks that differ, and the end stays where it was asked for. */
const BACKDATED_SECONDS = 30;

export const pemsOf = (text: string): string[] => text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];

/** The certificates of a Secret, the leaf first. */
export const chainOf = (secret: Resource): string[] => pemsOf(Buffer.from(secret.data?.['tls.crt'] ?? '', 'base64').toString('utf8'));

/** OpenSSL is the judge of the chain: it knows nothing of this project. */
function verifies(what: string, leaf: string, chain: readonly string[], roots: string): Check {
  const script = 'openssl verify -x509_strict -CAfile <(printf %s "$ROOTS") -untrusted <(printf %s "$CHAIN") <(printf %s "$LEAF")';
  const { ok, stdout, stderr } = attempt([
    'env',
    `ROOTS=${roots}`,
    `CHAIN=${[...chain, leaf].join('\n')}`,
    `LEAF=${leaf}`,
    'bash',
    '-c',
    script,
  ]);
  return holds(what, ok, `${stdout}${stderr}`.trim());
}

function renewalIsRight({ spec, status }: Resource, { notBefore, notAfter }: x509.X509Certificate): boolean {
  const renewal = new Date(status?.renewalTime ?? 0).getTime();
  const lifetime = notAfter.getTime() - notBefore.getTime();
  const before =
    spec.renewBefore !== undefined
      ? secondsOf(spec.renewBefore) * SECOND_MS
      : spec.renewBeforePercentage !== undefined
        ? (lifetime * spec.renewBeforePercentage) / 100
        : lifetime / 3;
  // status has whole seconds
  return Math.abs(notAfter.getTime() - before - renewal) <= SECOND_MS;
}

function keyOf(key: KeyObject): string {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return `RSA ${key.asymmetricKeyDetails?.modulusLength}`;
    case 'ec':
      return `ECDSA ${{ prime256v1: 256, secp384r1: 384, secp521r1: 521 }[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? '?'}`;
    default:
      return key.asymmetricKeyType === 'ed25519' ? 'Ed25519' : String(key.asymmetricKeyType);
  }
}

/** Seconds of a Go duration as manifests have it: hours, minutes and seconds. */
export function secondsOf(duration: string): number {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(duration);
  if (match === null) throw new Error(`"${duration}" is not a duration like 2160h0m0s`);
  const [, hours = '0', minutes = '0', seconds = '0'] = match;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

function subset(found: Readonly<Record<string, string>> | undefined, keys: object | undefined): object {
  return Object.fromEntries(Object.keys(keys ?? {}).map(key => [key, found?.[key]]));
}
