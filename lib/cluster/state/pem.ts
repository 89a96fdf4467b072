import { X509Certificate } from 'node:crypto';
import type { PublicSecret } from '../snapshot/index.js';
import { certificateBlocks } from '../snapshot/secret.js';

/** Certificates of a text of PEM, in its order; `broken` counts blocks that can't be parsed. */
export interface Chain {
  readonly certificates: readonly X509Certificate[];
  readonly broken: number;
}

const EMPTY: Chain = { certificates: [], broken: 0 };

export function parseChain(pem: string): Chain {
  const blocks = certificateBlocks(pem);
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

export const chainAt = (secret: PublicSecret, key: 'tls.crt' | 'ca.crt'): Chain =>
  secret.data[key] === undefined ? EMPTY : parseChain(Buffer.from(secret.data[key], 'base64').toString('latin1'));

/** Milliseconds. OpenSSL writes `Nov 24 11:49:29 2026 GMT`, which Date reads. */
export const notAfter = (certificate: X509Certificate): number => Date.parse(certificate.validTo);
export const notBefore = (certificate: X509Certificate): number => Date.parse(certificate.validFrom);

/** Whether a certificate says to be issued by the other, and its signature agrees. */
export const isSignedBy = (certificate: X509Certificate, authority: X509Certificate): boolean =>
  certificate.checkIssued(authority) && certificate.verify(authority.publicKey);

export const isSelfSigned = (certificate: X509Certificate): boolean =>
  certificate.subject === certificate.issuer && isSignedBy(certificate, certificate);
