import { X509Certificate } from 'node:crypto';

/** A certificate of a PEM text; undefined where the block can't be parsed. */
export interface ParsedCertificate {
  readonly certificate: X509Certificate | undefined;
  /** From 0, in the order of the text. */
  readonly index: number;
}

/** The certificates of a PEM text. Other blocks, such as keys, are passed over and never shown. */
export function certificatesIn(pem: string): ParsedCertificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block, index) => {
    try {
      return { certificate: new X509Certificate(block), index };
    } catch {
      return { certificate: undefined, index };
    }
  });
}
