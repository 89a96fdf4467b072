import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PeerCertificate } from 'node:tls';

export interface Credentials {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer;
}

/** Certificate, key and roots from the files that the environment names; throws when one is missing. */
export function credentialsIn(folder: string | undefined): Credentials {
  const file = (name: string, variable: string): Buffer => readFileSync(folder === undefined ? needed(variable) : join(folder, name));
  return { cert: file('tls.crt', 'MTLS_CERT_PATH'), key: file('tls.key', 'MTLS_KEY_PATH'), ca: file('ca.crt', 'MTLS_CA_CERT_PATH') };
}

/** The one SPIFFE ID among the URI names: none or two are nobody. */
export function identityOf(peer: PeerCertificate): string | undefined {
  const uris = (peer.subjectaltname ?? '').split(', ').filter(name => name.startsWith('URI:'));
  const [first = ''] = uris;
  return uris.length === 1 && first.startsWith('URI:spiffe://') ? first.slice('URI:'.length) : undefined;
}

function needed(variable: string): string {
  const value = process.env[variable];
  if (value === undefined || value === '') throw new Error(`${variable} is not set`);
  return value;
}
