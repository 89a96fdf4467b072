import { constants } from 'node:crypto';
import { createSecureContext, DEFAULT_CIPHERS, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { Generation } from './generation.js';
import type { Identity } from './identity.js';
import type { MinVersion } from './settings.js';

/** Post-quantum first where OpenSSL has it (3.5), else refused by OpenSSL as an unknown name. */
const HAS_MLKEM = (([major = 0, minor = 0]) => major > 3 || (major === 3 && minor >= 5))(process.versions.openssl.split('.').map(Number));
const GROUPS = `${HAS_MLKEM ? 'X25519MLKEM768:' : ''}X25519:P-256:P-384`;

/**
 * Every option of a context, since `setSecureContext` puts back to its default whatever is not given again.
 * Buffers only: an empty text as `ca` would mean the roots of Node.
 */
export function secureContextOptions(generation: Generation, minVersion: MinVersion): SecureContextOptions {
  if (generation.identity.roots.length === 0) throw new Error('a trust set is never empty');
  return {
    cert: Buffer.from(generation.certPem),
    key: Buffer.from(generation.identity.key.export({ type: 'pkcs8', format: 'pem' })),
    ca: Buffer.from(generation.caPem),
    minVersion,
    maxVersion: 'TLSv1.3',
    // level 2: no RSA below 2048 bits and no SHA-1 in a chain
    ciphers: `${DEFAULT_CIPHERS}:@SECLEVEL=2`,
    ecdhCurve: GROUPS,
    honorCipherOrder: true,
    // a resumed session would skip the chain, the expiry and the name
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_COMPRESSION | NO_RENEGOTIATION,
    // a session of another trust set is none of ours, should anything ever resume one
    sessionIdContext: generation.identity.trustFingerprint,
  };
}

/** SSL_OP_NO_RENEGOTIATION of OpenSSL 3 (ssl.h); Node has no name for it. */
const NO_RENEGOTIATION = 1 << 30;

const contexts = new WeakMap<Identity, Map<MinVersion, SecureContext>>();

/** One context an identity for all clients: Node frees contexts only at garbage collection. */
export function clientContext({ identity, ...rest }: Generation, minVersion: MinVersion): SecureContext {
  let known = contexts.get(identity);
  if (!known) {
    known = new Map();
    contexts.set(identity, known);
  }
  const made = known.get(minVersion) ?? createSecureContext(secureContextOptions({ identity, ...rest }, minVersion));
  known.set(minVersion, made);
  return made;
}
