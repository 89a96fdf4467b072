import { createHash, X509Certificate } from 'node:crypto';
import { isRecord } from '../../objects/index.js';

/** Longer texts are named by their length and hash: a difference in words is for reading. */
const LONGEST = 100;
const PEM = /-----BEGIN [A-Z0-9 ]+-----/;
const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

export const hash = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

/** A value as it may be printed. PEM is never printed, whatever it holds. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : canonical(value);
  if (PEM.test(text)) return `PEM, sha256 ${hash(text)}`;
  return text.length > LONGEST || text.includes('\n') ? `text of ${text.length} characters, sha256 ${hash(text)}` : text;
}

/** JSON with sorted keys, so that equal values have equal texts. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    isRecord(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}

/** The certificates in a text of PEM blocks, by name and fingerprint; the text itself by its hash where there are none. */
export function certificateWords(pem: string): readonly string[] {
  const blocks = pem.match(CERTIFICATES) ?? [];
  if (blocks.length === 0) return [`inline text, sha256 ${hash(pem)}`];
  return blocks.map(block => {
    try {
      const certificate = new X509Certificate(block);
      const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
      return `inline certificate "${certificate.subject.replaceAll('\n', ', ')}", sha256 ${fingerprint}`;
    } catch {
      return `inline certificate that can't be read, sha256 ${hash(block)}`;
    }
  });
}
