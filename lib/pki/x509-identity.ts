import 'reflect-metadata';
import { SubjectAlternativeNameExtension, X509Certificate } from '@peculiar/x509';
import { parseSpiffeId } from './spiffe-id.js';

/** Who a certificate says it is; `problem` when that is nobody. */
export type PeerIdentity = { readonly spiffeId: string } | { readonly problem: string };

/**
 * The one SPIFFE ID among the URI names of a certificate. The common name is never an identity, and a
 * certificate with two SPIFFE IDs has none. Names come from the DER: the text that Node prints can be forged
 * with commas inside of a name (CVE-2021-44532).
 */
export function peerIdentity(der: Uint8Array): PeerIdentity {
  const names = new X509Certificate(new Uint8Array(der)).getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  const ids = names.filter(({ type, value }) => type === 'url' && /^spiffe:/i.test(value)).map(({ value }) => value);
  const [id] = ids;
  if (id === undefined) return { problem: 'its certificate has no SPIFFE ID' };
  if (ids.length > 1) return { problem: `its certificate has ${ids.length} SPIFFE IDs, expected one` };
  const parsed = parseSpiffeId(id);
  return 'problem' in parsed ? { problem: `its SPIFFE ID ${parsed.problem}` } : { spiffeId: parsed.id };
}
