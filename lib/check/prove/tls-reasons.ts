import type { Code, Peer } from '../../../libs/sentinel-node/src/index.js';
import type { Layer } from './types.js';

const FOREIGN = "its certificate is not signed by the environment's root";

/** OpenSSL's and Node's codes in words, for callers that no library speaks for. An OpenSSL message holds a thread number, so it is never shown. */
const OPENSSL: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  CERT_SIGNATURE_FAILURE: FOREIGN,
  UNABLE_TO_GET_ISSUER_CERT: FOREIGN,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: FOREIGN,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: FOREIGN,
  SELF_SIGNED_CERT_IN_CHAIN: FOREIGN,
  DEPTH_ZERO_SELF_SIGNED_CERT: FOREIGN,
  INVALID_CA: 'its certificate is signed by one that is no CA',
  PATH_LENGTH_EXCEEDED: 'its certificate is signed by one CA too many',
  ETIMEDOUT: 'no answer in time',
};

/** Codes of the runtime library in words. */
const RUNTIME: Partial<Readonly<Record<Code, string>>> = {
  'peer-no-certificate': 'it shows no certificate',
  'peer-chain-untrusted': FOREIGN,
  'peer-chain-invalid': 'its chain breaks a rule: path length, name constraints, or a weak key',
  'peer-expired': 'its certificate has expired',
  'peer-not-yet-valid': 'its certificate is not valid yet',
  'handshake-timeout': 'no answer in time',
  'peer-malformed': 'its certificate is broken',
  'peer-is-ca': 'its certificate is a CA',
  'peer-key-usage': 'its certificate has not the key usage of a leaf',
  'peer-names-not-critical': 'its certificate has neither a subject nor critical names',
  'peer-no-identity': 'its certificate has no SPIFFE ID',
  'peer-invalid-identity': 'its certificate has an invalid SPIFFE ID',
  'port-not-declared': 'policy.json has no such port',
  'port-disabled': 'policy.json has the port in mode disabled',
};

type Usage = 'server auth' | 'client auth';

/** Why the other side was refused, in words; `usage` is the extended usage that its role needs. */
export function tlsReason(code: string | undefined, usage: Usage): string {
  if (code === 'INVALID_PURPOSE') return `its certificate lacks the usage "${usage}"`;
  return OPENSSL[code ?? ''] ?? `the handshake failed (${code ?? 'closed'})`;
}

/** The same for what the runtime library refused. */
export function runtimeReason(code: Code, usage: Usage, peer?: Peer): string {
  if (code === 'peer-wrong-usage') return `its certificate lacks the usage "${usage}"`;
  if (code === 'peer-many-identities') return `its certificate has ${peer?.certificate?.uris.length ?? 'several'} SPIFFE IDs, expected one`;
  const identity = peer?.identity;
  if (code === 'peer-not-listed' && identity && 'spiffeId' in identity)
    return `${identity.spiffeId} is not in the allow-list of policy.json`;
  return RUNTIME[code] ?? `the handshake failed (${code})`;
}

const IDENTITY: readonly Code[] = [
  'peer-malformed',
  'peer-is-ca',
  'peer-key-usage',
  'peer-names-not-critical',
  'peer-no-identity',
  'peer-many-identities',
  'peer-invalid-identity',
  'peer-not-listed',
  'peer-not-expected',
  'port-not-declared',
  'port-disabled',
  'call-not-declared',
  'call-disabled',
];

/** The layer at which the runtime library refuses with a code. */
export const layerOf = (code: Code): Layer & ('tls' | 'identity') => (IDENTITY.includes(code) ? 'identity' : 'tls');

/** The layer at which a process does not start with what was rendered. */
export function startLayer(code: Code): Layer {
  if (code.startsWith('policy-') || code === 'leaf-is-ca') return 'identity';
  return code === 'chain-untrusted' || code.startsWith('bundle-') ? 'tls' : 'issuance';
}
