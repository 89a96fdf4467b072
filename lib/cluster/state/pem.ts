import { X509Certificate } from 'node:crypto';
import type { PublicSecret } from '../snapshot/index.js';

/** Certificates of a text of PEM, in its order; `broken` counts blocks that can't be parsed. */
export interface Chain {
  readonly certificates: readonly X509Certificate[];
  readonly broken: number;
}

const EMPTY: Chain = { certificates: [], broken: 0 };

export function parseChain(pem: string): Chain {
  const blocks = blocksOf(pem);
  if (blocks.length === 0) return EMPTY;
  const certificates = blocks.flatMap(block => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
  return { certificates, broken: blocks.length - certificates.length };
}

const BEGIN = '-----BEGIN CERTIFICATE-----';
const END = '-----END CERTIFICATE-----';

/** What stands between the marks, whatever it is: the parser below says whether it is a certificate. */
function blocksOf(text: string): string[] {
  const blocks: string[] = [];
  for (let at = text.indexOf(BEGIN); at >= 0; ) {
    const end = text.indexOf(END, at);
    if (end < 0) break;
    blocks.push(text.slice(at, end + END.length));
    at = text.indexOf(BEGIN, end);
  }
  return blocks;
}

export const chainAt = (secret: PublicSecret, key: 'tls.crt' | 'ca.crt'): Chain =>
  secret.data[key] === undefined ? EMPTY : parseChain(Buffer.from(secret.data[key], 'base64').toString('latin1'));

/** Milliseconds. OpenSSL writes `Nov 24 11:49:29 2026 GMT`, which Date reads. */
export const notAfter = (certificate: X509Certificate): number => Date.parse(certificate.validTo);
export const notBefore = (certificate: X509Certificate): number => Date.parse(certificate.validFrom);

/** Whether a certificate says to be issued by the other, and its signature agrees. */
export const isSignedBy = (certificate: X509Certificate, authority: X509Certificate): boolean =>
  certificate.checkIssued(authority) && certificate.verify(authority.publicKey);

/** DER of the object identifiers 2.5.29.35 and 2.5.29.14. */
const AUTHORITY_KEY_ID = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x23]);
const SUBJECT_KEY_ID = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x0e]);

/**
 * Whether a certificate was issued by the key of an authority: by the identifiers of keys, which `checkIssued` compares where both
 * are there, else by the signature. For ten thousand leaves signatures take as long as everything else.
 */
export const isIssuedBy = (certificate: X509Certificate, authority: X509Certificate): boolean =>
  certificate.checkIssued(authority) &&
  ((certificate.raw.includes(AUTHORITY_KEY_ID) && hasSubjectKeyId(authority)) || certificate.verify(authority.publicKey));

const known = new WeakMap<X509Certificate, boolean>();

function hasSubjectKeyId(authority: X509Certificate): boolean {
  const found = known.get(authority) ?? authority.raw.includes(SUBJECT_KEY_ID);
  known.set(authority, found);
  return found;
}

export const isSelfSigned = (certificate: X509Certificate): boolean =>
  certificate.subject === certificate.issuer && isSignedBy(certificate, certificate);
