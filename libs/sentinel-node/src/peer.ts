import { type CertificateFacts, CRL_SIGN, DIGITAL_SIGNATURE, KEY_CERT_SIGN, readCertificate } from './certificate.js';
import type { Code } from './codes.js';
import { isWorkload, parseSpiffeId } from './spiffe-id.js';

/** Who a certificate says it is, or why that is nobody. */
export type PeerIdentity = { readonly spiffeId: string; readonly trustDomain: string } | { readonly code: Code };

/** The other side of a connection, after TLS has verified its chain. */
export interface Peer {
  readonly identity: PeerIdentity;
  /** Undefined when the certificate does not parse. */
  readonly certificate: CertificateFacts | undefined;
}

/** The one SPIFFE ID of a leaf, by the rules of X509-SVID (SPEC 2). */
export function identityOf(facts: CertificateFacts): PeerIdentity {
  if (facts.isCa) return { code: 'peer-is-ca' };
  const usage = facts.keyUsage ?? 0;
  if ((usage & DIGITAL_SIGNATURE) === 0 || (usage & (KEY_CERT_SIGN | CRL_SIGN)) !== 0) return { code: 'peer-key-usage' };
  if (facts.subjectIsEmpty && !facts.namesCritical) return { code: 'peer-names-not-critical' };
  const [uri] = facts.uris;
  if (uri === undefined) return { code: 'peer-no-identity' };
  if (facts.uris.length > 1) return { code: 'peer-many-identities' };
  const id = parseSpiffeId(uri);
  return id && isWorkload(id) ? { spiffeId: id.id, trustDomain: id.trustDomain } : { code: 'peer-invalid-identity' };
}

/** Peers call again and again with the same certificate; 256 of 1 KB each are no burden. */
const MAX_KNOWN = 256;
const known = new Map<string, Peer>();

/** Reads a peer from the DER of its leaf; never throws. */
export function peerOf(der: Buffer): Peer {
  // all of the DER is the key: what is known of one certificate is never said of another
  const key = der.toString('latin1');
  const found = known.get(key);
  if (found) return found;
  const peer = readPeer(der);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(key, peer);
  return peer;
}

function readPeer(der: Buffer): Peer {
  try {
    const facts = readCertificate(der);
    return { identity: identityOf(facts), certificate: facts };
  } catch {
    return { identity: { code: 'peer-malformed' }, certificate: undefined };
  }
}

/** What logs and metrics call a peer. */
export const peerName = ({ identity }: Peer): string => ('spiffeId' in identity ? identity.spiffeId : 'none');
