import type { X509Certificate } from 'node:crypto';
import type { CertificateView } from '../../check/lint/world.js';
import { durationText } from '../_values.js';
import { notAfter, notBefore } from './pem.js';

/** RFC 5280 4.2.1.12, as node:crypto lists them. */
const USAGE_OIDS: Readonly<Record<string, string>> = { 'server auth': '1.3.6.1.5.5.7.3.1', 'client auth': '1.3.6.1.5.5.7.3.2' };
const KEY_TYPES: Readonly<Record<string, string>> = { rsa: 'RSA', ec: 'ECDSA', ed25519: 'Ed25519' };
const CURVE_SIZES: Readonly<Record<string, number>> = { prime256v1: 256, secp384r1: 384, secp521r1: 521 };

/** What an issued certificate has otherwise than asked for. cert-manager compares with the request only, so that Ready stays True. */
export function specDifferences(certificate: CertificateView, issued: X509Certificate): string[] {
  const names = new Set((issued.subjectAltName ?? '').split(', '));
  const lacks = [...certificate.dnsNames.map(name => `DNS:${name}`), ...certificate.uris.map(uri => `URI:${uri}`)].filter(
    name => !names.has(name),
  );
  const oids = issued.keyUsage ?? [];
  const usages = (certificate.usages ?? []).filter(usage => USAGE_OIDS[usage] !== undefined && !oids.includes(USAGE_OIDS[usage] ?? ''));
  return [
    ...(lacks.length > 0 ? [`it lacks the name ${lacks.slice(0, 3).join(', ')}`] : []),
    ...(usages.length > 0 ? [`it lacks the usage ${usages.join(', ')}`] : []),
    ...keyDifference(certificate, issued),
    ...lifetimeDifference(certificate, issued),
  ];
}

/** DER of an SPKI's algorithm with these curves. */
const KEY_MARKS: Readonly<Record<string, Buffer>> = {
  'ECDSA 256': Buffer.from('06072a8648ce3d020106082a8648ce3d030107', 'hex'),
  'ECDSA 384': Buffer.from('06072a8648ce3d020106052b81040022', 'hex'),
  'ECDSA 521': Buffer.from('06072a8648ce3d020106052b81040023', 'hex'),
};

/** The details of a key take as long as all else about a certificate: where the bytes say that it is the one asked for, they are not asked. */
const hasMark = ({ algorithm, size }: CertificateView['key'], { raw }: X509Certificate): boolean => {
  const mark = KEY_MARKS[`${algorithm} ${size}`];
  return mark !== undefined && raw.includes(mark);
};

function keyDifference({ key }: CertificateView, issued: X509Certificate): string[] {
  if (hasMark(key, issued)) return [];
  const { publicKey } = issued;
  const algorithm = KEY_TYPES[publicKey.asymmetricKeyType ?? ''] ?? publicKey.asymmetricKeyType ?? 'unknown';
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
  const size = modulusLength ?? CURVE_SIZES[namedCurve ?? ''] ?? 0;
  if (algorithm !== key.algorithm) return [`its key is ${algorithm}, asked for is ${key.algorithm}`];
  return algorithm !== 'Ed25519' && size !== key.size ? [`its key has ${size} bits, asked for are ${key.size}`] : [];
}

/** A tenth: authorities date back the beginning, and round. */
function lifetimeDifference({ duration }: CertificateView, issued: X509Certificate): string[] {
  const seconds = (notAfter(issued) - notBefore(issued)) / 1000;
  return Math.abs(seconds - duration) > duration / 10 ? [`it lives ${durationText(seconds)}, asked for are ${durationText(duration)}`] : [];
}
