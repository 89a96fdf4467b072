import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { type Mtls, MtlsError } from '../../../libs/sentinel-node/src/index.js';
import type { Credential } from '../../pki/authority-credential.js';
import { layerOf, runtimeReason, tlsReason } from './tls-reasons.js';

/** What a caller saw. `closed`: the server ended the connection before the first byte; `silent`: it did nothing in time. */
export type ClientOutcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly layer: 'tls' | 'identity'; readonly reason: string }
  | { readonly kind: 'closed'; readonly reason: string }
  | { readonly kind: 'silent' };

/** A call as the caller's policy.json has it. */
export interface DeclaredCall {
  readonly host: string;
  readonly port: number;
  readonly spiffeId: string;
}

export interface CallProps {
  /** Name for SNI. */
  readonly host: string;
  readonly context: SecureContext;
  readonly timeoutMs: number;
}

/** One context for all calls of a caller: Node frees a context per connection only at garbage collection. */
export function clientContext(roots: string, credential: Credential | undefined): SecureContext {
  if (roots.trim() === '') throw new Error('a caller without a root would trust the roots of Node');
  const identity = credential ? { key: credential.privateKeyPem(), cert: credential.chain } : {};
  return createSecureContext({ ca: roots, minVersion: 'TLSv1.3', ...identity });
}

/** Calls a loopback port as somebody who checks the chain alone, and waits for the first byte. Never rejects. */
export function call(port: number, props: CallProps): Promise<ClientOutcome> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: props.host,
    secureContext: props.context,
    minVersion: 'TLSv1.3',
    checkServerIdentity: () => undefined,
  });
  return outcomeOf(socket, props.timeoutMs, error => ({ kind: 'refused', layer: 'tls', reason: tlsReason(error.code, 'server auth') }));
}

/** Calls a loopback port as a service does, with the runtime library and its policy.json. Never rejects. */
export function callAsService(mtls: Mtls, declared: DeclaredCall, port: number, timeoutMs: number): Promise<ClientOutcome> {
  const { host, spiffeId } = declared;
  const refused = (error: MtlsError): ClientOutcome => {
    if (error.code === 'peer-name-mismatch') return { kind: 'refused', layer: 'tls', reason: `its certificate is not for ${host}` };
    if (error.code === 'peer-not-expected')
      return { kind: 'refused', layer: 'identity', reason: `it is ${error.peer ?? 'nobody'}, expected ${spiffeId}` };
    return { kind: 'refused', layer: layerOf(error.code), reason: runtimeReason(error.code, 'server auth') };
  };
  let socket: TLSSocket;
  try {
    socket = mtls.connect({ host, port: declared.port, via: { host: '127.0.0.1', port } });
  } catch (error) {
    if (error instanceof MtlsError) return Promise.resolve(refused(error));
    throw error;
  }
  return outcomeOf(socket, timeoutMs, error => {
    if (error instanceof MtlsError) return error.code === 'handshake-timeout' ? { kind: 'silent' } : refused(error);
    return { kind: 'refused', layer: 'tls', reason: tlsReason(error.code, 'server auth') };
  });
}

function outcomeOf(socket: TLSSocket, timeoutMs: number, refused: (error: NodeJS.ErrnoException) => ClientOutcome): Promise<ClientOutcome> {
  return new Promise(resolve => {
    const finish = (outcome: ClientOutcome): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    // until the first byte, whatever happens meanwhile
    const timer = setTimeout(() => finish({ kind: 'silent' }), timeoutMs);
    socket.once('data', () => finish({ kind: 'accepted' }));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? '';
      // an alert or a reset comes from the server, anything else from our own check
      const closed = !(error instanceof MtlsError) && /ALERT|^E[A-Z]+$/.test(code) && code !== 'ETIMEDOUT';
      finish(closed ? { kind: 'closed', reason: 'it closed the connection' } : refused(error));
    });
    socket.once('close', () => finish({ kind: 'closed', reason: 'it closed the connection' }));
  });
}
