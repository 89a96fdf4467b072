import { X509Certificate } from 'node:crypto';
import { connect, createSecureContext, type SecureContext } from 'node:tls';
import type { Credential } from '../../pki/authority-credential.js';
import { peerIdentity } from '../../pki/x509-identity.js';
import { tlsReason } from './tls-reasons.js';

/** What a caller saw. `closed`: the server ended the connection before the first byte; `silent`: it did nothing in time. */
export type ClientOutcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly layer: 'tls' | 'identity'; readonly reason: string }
  | { readonly kind: 'closed'; readonly reason: string }
  | { readonly kind: 'silent' };

/** Whom a caller expects. Without it only the chain is checked, as a caller that follows no policy would. */
export interface ExpectedServer {
  readonly host: string;
  readonly spiffeId: string;
}

export interface CallProps {
  /** Name for SNI. */
  readonly host: string;
  readonly context: SecureContext;
  readonly expected: ExpectedServer | undefined;
  readonly timeoutMs: number;
}

/** One context for all calls of a caller: Node frees a context per connection only at garbage collection. */
export function clientContext(roots: string, credential: Credential | undefined): SecureContext {
  if (roots.trim() === '') throw new Error('a caller without a root would trust the roots of Node');
  const identity = credential ? { key: credential.privateKeyPem(), cert: credential.chain } : {};
  return createSecureContext({ ca: roots, minVersion: 'TLSv1.3', ...identity });
}

/** Calls a loopback port and waits for the first byte. Never rejects. */
export function call(port: number, props: CallProps): Promise<ClientOutcome> {
  return new Promise(resolve => {
    let refusal: ClientOutcome | undefined;
    const socket = connect({
      host: '127.0.0.1',
      port,
      servername: props.host,
      secureContext: props.context,
      minVersion: 'TLSv1.3',
      checkServerIdentity: (_host, { raw }) => {
        refusal = props.expected && refuseServer(raw, props.expected);
        return refusal ? new Error('unexpected server') : undefined;
      },
    });
    const finish = (outcome: ClientOutcome): void => {
      socket.destroy();
      resolve(outcome);
    };
    socket.setTimeout(props.timeoutMs, () => finish({ kind: 'silent' }));
    socket.once('data', () => finish({ kind: 'accepted' }));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? '';
      // an alert or a reset comes from the server, anything else from our own check of its chain
      if (refusal) finish(refusal);
      else if (/ALERT|^E[A-Z]+$/.test(code) && code !== 'ETIMEDOUT') finish({ kind: 'closed', reason: 'it closed the connection' });
      else finish({ kind: 'refused', layer: 'tls', reason: tlsReason(code, 'server auth') });
    });
    socket.once('close', () => finish(refusal ?? { kind: 'closed', reason: 'it closed the connection' }));
  });
}

function refuseServer(der: Buffer, expected: ExpectedServer): ClientOutcome | undefined {
  // "never": the common name is no DNS name, whatever Node's own check thinks of it
  const host = new X509Certificate(der).checkHost(expected.host, { subject: 'never', partialWildcards: false });
  if (host === undefined) return { kind: 'refused', layer: 'tls', reason: `its certificate is not for ${expected.host}` };
  const peer = peerIdentity(der);
  if ('problem' in peer) return { kind: 'refused', layer: 'identity', reason: peer.problem };
  if (peer.spiffeId === expected.spiffeId) return undefined;
  return { kind: 'refused', layer: 'identity', reason: `it is ${peer.spiffeId}, expected ${expected.spiffeId}` };
}
