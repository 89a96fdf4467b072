import { constants } from 'node:crypto';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Credential } from '../../pki/authority-credential.js';
import { type PeerIdentity, peerIdentity } from '../../pki/x509-identity.js';
import type { ClientOutcome } from './loopback-client.js';
import { deny, type Verdict } from './policy-reader.js';
import { tlsReason } from './tls-reasons.js';
import type { Layer, Outcome } from './types.js';

/** The one byte after which a call counts: in TLS 1.3 a client sees success before the server has decided. */
const ADMITTED = '+';

export interface LoopbackServerProps {
  readonly credential: Credential;
  /** PEM of every root that is trusted; never empty, for an empty list would mean the roots of Node. */
  readonly roots: string;
  readonly authorize: (peer: PeerIdentity) => Verdict;
  readonly timeoutMs: number;
}

/** How a call ended, and at which side and layer. */
export interface Exchange {
  readonly outcome: Outcome;
  readonly layer: Layer;
  readonly reason: string;
}

interface ServerVerdict {
  readonly layer: Layer;
  readonly reason: string;
}

/**
 * A TLS 1.3 server on a loopback port that asks for a client certificate, as a service does. Exchanges with one
 * server go one after another, because Node no longer knows the peer of a socket that it refused.
 */
export class LoopbackServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #timeoutMs: number;
  #last: Promise<unknown> = Promise.resolve();
  #report: (verdict: ServerVerdict) => void = () => {};

  static async start(props: LoopbackServerProps): Promise<LoopbackServer> {
    if (props.roots.trim() === '') throw new Error('a server without a root would trust the roots of Node');
    const server = new LoopbackServer(props);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(0, '127.0.0.1', resolve);
    });
    return server;
  }

  private constructor(props: LoopbackServerProps) {
    this.#timeoutMs = props.timeoutMs;
    this.#server = createServer({
      key: props.credential.privateKeyPem(),
      cert: props.credential.chain,
      ca: props.roots,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.3',
      handshakeTimeout: props.timeoutMs,
      // a resumed session would skip the chain and the expiry
      secureOptions: constants.SSL_OP_NO_TICKET,
    });
    this.#server.on('connection', socket => this.#keep(socket));
    this.#server.on('secureConnection', socket => this.#decide(socket, props.authorize));
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      // the socket knows why; the error is only ECONNRESET. Node does not close it after a handshake timeout
      const code = socket.authorizationError as unknown;
      socket.destroy();
      this.#report({ layer: 'tls', reason: tlsReason(typeof code === 'string' ? code : error.code, 'client auth') });
    });
  }

  /** Runs one call against this server and says how it ended. */
  exchange(call: (port: number) => Promise<ClientOutcome>): Promise<Exchange> {
    const result = this.#last.then(() => this.#exchange(call));
    this.#last = result.catch(() => {});
    return result;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>(resolve => this.#server.close(() => resolve()));
  }

  async #exchange(call: (port: number) => Promise<ClientOutcome>): Promise<Exchange> {
    const verdict = this.#nextVerdict();
    const client = await call((this.#server.address() as AddressInfo).port);
    if (client.kind === 'silent') return { outcome: 'refused', layer: 'timeout', reason: 'no answer in time' };
    const server = await verdict;
    if (client.kind === 'accepted')
      return { outcome: 'accepted', layer: server?.layer ?? 'identity', reason: server?.reason ?? 'the first byte arrived' };
    if (client.kind === 'refused') return { outcome: 'refused', layer: client.layer, reason: `the caller refuses: ${client.reason}` };
    const reason = server?.reason ?? client.reason;
    return { outcome: 'refused', layer: server?.layer ?? 'tls', reason: `the server refuses: ${reason}` };
  }

  #nextVerdict(): Promise<ServerVerdict | undefined> {
    return new Promise(resolve => {
      const timer = setTimeout(() => resolve(undefined), 2 * this.#timeoutMs).unref();
      this.#report = verdict => {
        clearTimeout(timer);
        this.#report = () => {};
        resolve(verdict);
      };
    });
  }

  #decide(socket: TLSSocket, authorize: LoopbackServerProps['authorize']): void {
    socket.on('error', () => socket.destroy());
    const certificate = socket.getPeerX509Certificate();
    const verdict = certificate ? authorize(peerIdentity(certificate.raw)) : deny('it shows no certificate');
    this.#report({ layer: verdict.audited ? 'audit' : 'identity', reason: verdict.reason });
    if (verdict.allowed) socket.end(ADMITTED);
    else socket.destroy();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setTimeout(this.#timeoutMs, () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
