import { createHash, type X509Certificate } from 'node:crypto';
import { isSignedBy } from '../state/index.js';

/** Longer chains than this no fleet has; a hostile one ends here. */
const LONGEST = 6;

/** Whether the first certificate leads to a root by signatures, through others of the same file. */
export function leadsTo(chain: readonly X509Certificate[], root: X509Certificate): boolean {
  let current = chain[0];
  for (let steps = 0; current !== undefined && steps < LONGEST; steps++) {
    if (isSignedBy(current, root)) return true;
    const below: X509Certificate = current;
    current = chain.find(other => other !== below && isSignedBy(below, other));
  }
  return false;
}

const spki = (certificate: X509Certificate): Buffer => certificate.publicKey.export({ type: 'spki', format: 'der' });

export const hasSameKey = (one: X509Certificate, other: X509Certificate): boolean => spki(one).equals(spki(other));

export const isAmong = (certificate: X509Certificate, roots: readonly X509Certificate[]): boolean =>
  roots.some(({ fingerprint256 }) => fingerprint256 === certificate.fingerprint256);

/** What the runtime libraries say of their roots in `trust_fingerprint` (conformance/SPEC.md 1.3). */
export function trustFingerprint(roots: readonly X509Certificate[]): string {
  const digests = new Set(roots.map(({ fingerprint256 }) => fingerprint256.replaceAll(':', '').toLowerCase()));
  return hash(Buffer.from([...digests].sort().join(''), 'hex'));
}

/** What they say of the certificate that they serve, in `serial_hash`: the contents octets of its serial number. */
export function serialHash({ serialNumber }: X509Certificate): string {
  const even = serialNumber.length % 2 === 0 ? serialNumber : `0${serialNumber}`;
  // DER writes a sign: a first bit that is set gets an octet before it (X.690 8.3)
  return hash(Buffer.from(Number.parseInt(even.slice(0, 2), 16) > 0x7f ? `00${even}` : even, 'hex'));
}

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

/** First 16 digits, as people compare them. */
export const shortFingerprint = ({ fingerprint256 }: X509Certificate): string =>
  fingerprint256.replaceAll(':', '').toLowerCase().slice(0, 16);
