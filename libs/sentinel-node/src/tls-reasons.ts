import type { TLSSocket } from 'node:tls';
import type { Code } from './codes.js';

/** Names of OpenSSL's verification results (`x509_vfy.h`) as Node gives them. */
const VERIFICATION: Readonly<Record<string, Code>> = {
  CERT_HAS_EXPIRED: 'peer-expired',
  CERT_NOT_YET_VALID: 'peer-not-yet-valid',
  INVALID_PURPOSE: 'peer-wrong-usage',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'peer-chain-untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'peer-chain-untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'peer-chain-untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'peer-chain-untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'peer-chain-untrusted',
  CERT_UNTRUSTED: 'peer-chain-untrusted',
  CERT_SIGNATURE_FAILURE: 'peer-chain-untrusted',
  INVALID_CA: 'peer-wrong-usage',
  PATH_LENGTH_EXCEEDED: 'peer-chain-invalid',
  CERT_CHAIN_TOO_LONG: 'peer-chain-invalid',
  CERT_REJECTED: 'peer-chain-invalid',
};

const TRANSPORT: Readonly<Record<string, Code>> = {
  ERR_SSL_HTTP_REQUEST: 'plaintext',
  ERR_SSL_HTTPS_PROXY_REQUEST: 'plaintext',
  ERR_SSL_WRONG_VERSION_NUMBER: 'plaintext',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'plaintext',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'protocol-version',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'protocol-version',
  ERR_SSL_UNKNOWN_PROTOCOL: 'protocol-version',
  ERR_SSL_VERSION_TOO_LOW: 'protocol-version',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'peer-no-certificate',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'handshake-timeout',
  ECONNRESET: 'handshake-closed',
  EPIPE: 'handshake-closed',
  ERR_SSL_UNEXPECTED_EOF_WHILE_READING: 'handshake-closed',
  ECONNREFUSED: 'connect-failed',
  EHOSTUNREACH: 'connect-failed',
  ENETUNREACH: 'connect-failed',
  ETIMEDOUT: 'connect-failed',
  ENOTFOUND: 'connect-failed',
  EAI_AGAIN: 'connect-failed',
  EADDRNOTAVAIL: 'connect-failed',
};

/** Code of a failed handshake. The socket knows the reason of a refused chain; the error is then only ECONNRESET. */
export function handshakeCode(error: NodeJS.ErrnoException, socket: TLSSocket | undefined): Code {
  const verification: unknown = socket?.authorizationError;
  // Node has no name for weak keys and name constraints: they come as UNSPECIFIED
  if (typeof verification === 'string' && verification !== '') return VERIFICATION[verification] ?? 'peer-chain-invalid';
  const name = opensslName(error);
  const known = VERIFICATION[name] ?? TRANSPORT[name];
  if (known) return known;
  if (name === 'UNSPECIFIED') return 'peer-chain-invalid';
  return /^ERR_SSL_.*ALERT/.test(name) ? 'peer-alert' : 'handshake-failed';
}

/** A write during the handshake fails as EPROTO, with OpenSSL's reason in the text only. */
function opensslName({ code = '', message }: NodeJS.ErrnoException): string {
  const reason = code === 'EPROTO' ? /SSL routines:[^:]*:([^:]+):/.exec(message)?.[1] : undefined;
  return reason === undefined ? code : `ERR_SSL_${reason.toUpperCase().replace(/ /g, '_')}`;
}
