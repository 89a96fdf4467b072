/** OpenSSL's and Node's codes in words. The message of an OpenSSL error is never shown: it holds a thread number. */
const REASONS: Readonly<Record<string, string>> = {
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'it shows no certificate',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  CERT_SIGNATURE_FAILURE: "its certificate is not signed by the environment's root",
  UNABLE_TO_GET_ISSUER_CERT: "its certificate is not signed by the environment's root",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is not signed by the environment's root",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is not signed by the environment's root",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is not signed by the environment's root",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is not signed by the environment's root",
  INVALID_CA: 'its certificate is signed by one that is no CA',
  PATH_LENGTH_EXCEEDED: 'its certificate is signed by one CA too many',
  ETIMEDOUT: 'no answer in time',
};

/** Why the other side was refused, in words; `usage` is the extended usage that its role needs. */
export function tlsReason(code: string | undefined, usage: 'server auth' | 'client auth'): string {
  if (code === 'INVALID_PURPOSE') return `its certificate lacks the usage "${usage}"`;
  return REASONS[code ?? ''] ?? `the handshake failed (${code ?? 'closed'})`;
}
