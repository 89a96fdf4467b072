import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import type { Authorizer } from './authorizer.js';
import { type Connection, connectionOf, type DrainReason, isTrusted, markConnection } from './connections.js';
import { stripHeaders, stripStreamHeaders } from './forged-headers.js';
import { type Generation, removedRoots } from './generation.js';
import { type Peer, peerOf } from './peer.js';
import { type Decision, denied } from './policy.js';
import { decide, type Place, type Runtime, reportDecision, reportDenial, reportRefusal } from './runtime.js';
import { secureContextOptions } from './tls-context.js';
import { handshakeCode } from './tls-reasons.js';

export interface GuardOptions {
  readonly authorizer: Authorizer;
  /** Port of the policy; the port that the server listens on when undefined. */
  readonly port: number | undefined;
  /** Whether single requests can be refused; a bare TLS connection is ended at once instead. */
  readonly hasRequests: boolean;
}

const NOBODY: Peer = { identity: { code: 'peer-no-certificate' }, certificate: undefined };

/**
 * Stands between a TLS server and its listeners: judges each connection after its handshake and before any of its
 * bytes, keeps the context at the generation that stands, and drains what a swap left without trust.
 *
 * It takes the place of the server's `emit`, because a listener could not keep the others from being called.
 */
export class ServerGuard {
  readonly #runtime: Runtime;
  readonly #server: Server;
  readonly #options: GuardOptions;
  readonly #connections = new Set<Connection>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #unsubscribe: () => void;
  #rootsRemovedAt = Number.NEGATIVE_INFINITY;

  constructor(runtime: Runtime, server: Server, options: GuardOptions) {
    this.#runtime = runtime;
    this.#server = server;
    this.#options = options;
    const emit = server.emit.bind(server) as (event: string | symbol, ...args: unknown[]) => boolean;
    server.emit = (event: string | symbol, ...args: unknown[]): boolean => this.#on(event, args, emit);
    this.#unsubscribe = runtime.source.onSwap((next, former) => this.#swap(next, former));
    server.once('close', () => this.#close());
  }

  /** Connections that are open now. */
  get connections(): ReadonlySet<Connection> {
    return this.#connections;
  }

  #on(event: string | symbol, args: unknown[], emit: (event: string | symbol, ...args: unknown[]) => boolean): boolean {
    switch (event) {
      case 'request':
        // HTTP/2 has been judged by its stream
        if (!isHttp1(args[0])) break;
        if (!this.#admitRequest(args[0], args[1] as ServerResponse)) return true;
        break;
      case 'stream':
        if (!this.#admitStream(args[0] as ServerHttp2Stream, args[1] as IncomingHttpHeaders, args[3] as string[])) return true;
        break;
      case 'checkContinue':
      case 'checkExpectation':
        if (isHttp1(args[0]) && !this.#admitRequest(args[0], args[1] as ServerResponse)) return true;
        break;
      case 'upgrade':
      case 'connect':
        if (isHttp1(args[0]) && !this.#admitUpgrade(args[0], args[1] as Socket)) return true;
        break;
      case 'session':
        this.#addSession(args[0] as ServerHttp2Session);
        break;
      case 'secureConnection':
        if (!this.#admitConnection(args[0] as TLSSocket)) return true;
        break;
      case 'tlsClientError': {
        const [error, socket] = args as [NodeJS.ErrnoException, TLSSocket];
        this.#refused(error, socket);
        const heard = emit(event, ...args);
        // a bare TLS server leaves the socket open after a timeout
        socket.destroy();
        return heard;
      }
    }
    return emit(event, ...args);
  }

  #place(socket: TLSSocket): Place {
    return { side: 'server', port: String(this.#port() ?? 'none'), remote: `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? '?'}` };
  }

  #port(): number | undefined {
    return this.#options.port ?? (this.#server.address() as AddressInfo | null)?.port;
  }

  #admitConnection(socket: TLSSocket): boolean {
    // an error on a socket that nobody listens to would end the process
    socket.on('error', () => socket.destroy());
    const generation = this.#runtime.source.current();
    const peer = peerOfSocket(socket);
    const connection: Connection = {
      socket,
      peer,
      generation: generation.number,
      denied: undefined,
      draining: undefined,
      session: undefined,
      response: undefined,
      drain: undefined,
    };
    const decision = this.#decideFirst(connection, generation);
    reportDecision(this.#runtime, this.#place(socket), peer, decision);
    if (decision.decision === 'denied') {
      socket.destroy();
      return false;
    }
    this.#keep(connection);
    return true;
  }

  #decideFirst(connection: Connection, generation: Generation): Decision {
    const { socket, peer } = connection;
    if (peer === NOBODY) return denied('peer-no-certificate');
    if (socket.isSessionReused()) return denied('handshake-failed');
    // the handshake may have begun under a context that still had the root
    const recent = performance.now() - this.#rootsRemovedAt < 2 * this.#runtime.timings.handshakeTimeoutMs;
    if (recent && !isTrusted(connection, generation)) return denied('peer-chain-untrusted');
    return this.#decide(connection, generation);
  }

  #decide({ peer }: Connection, generation: Generation): Decision {
    return decide(this.#options.authorizer, peer, { generation, port: this.#port() });
  }

  #keep(connection: Connection): void {
    const { socket, generation } = connection;
    const { metrics } = this.#runtime;
    markConnection(socket, connection);
    this.#connections.add(connection);
    metrics.add('sentinel_mtls_connections', ['server', generation]);
    metrics.add('sentinel_mtls_negotiated_total', ['server', socket.getProtocol() ?? 'unknown', 'unknown']);
    socket.once('close', () => {
      this.#connections.delete(connection);
      metrics.add('sentinel_mtls_connections', ['server', generation], -1);
    });
  }

  #refused(error: NodeJS.ErrnoException, socket: TLSSocket): void {
    reportRefusal(this.#runtime, this.#place(socket), handshakeCode(error, socket), undefined);
  }

  #admitRequest(request: IncomingMessage, response: ServerResponse): boolean {
    const connection = connectionOf(request.socket);
    if (!connection || connection.denied !== undefined) {
      this.#denyAgain(connection);
      response.writeHead(403, { connection: 'close', 'content-length': '0' }).end();
      return false;
    }
    stripHeaders(request);
    if (connection.draining !== undefined) response.shouldKeepAlive = false;
    connection.response = response;
    return true;
  }

  #admitUpgrade(request: IncomingMessage, socket: Socket): boolean {
    const connection = connectionOf(request.socket);
    if (!connection || connection.denied !== undefined) {
      this.#denyAgain(connection);
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return false;
    }
    stripHeaders(request);
    return true;
  }

  #admitStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: string[]): boolean {
    const connection = connectionOf(stream.session?.socket);
    if (!connection || connection.denied !== undefined) {
      this.#denyAgain(connection);
      stream.on('error', () => {});
      stream.respond({ ':status': 403 }, { endStream: true });
      return false;
    }
    stripStreamHeaders(headers, rawHeaders);
    return true;
  }

  #denyAgain(connection: Connection | undefined): void {
    if (connection?.denied === undefined) return;
    reportDenial(this.#runtime, this.#place(connection.socket), connection.peer, connection.denied, true);
  }

  #addSession(session: ServerHttp2Session): void {
    const connection = connectionOf(session.socket);
    if (connection) connection.session = session;
  }

  #swap(next: Generation, former: Generation | undefined): void {
    this.#server.setSecureContext(secureContextOptions(next, this.#runtime.minVersion));
    if (!former) return;
    const rootsRemoved = removedRoots(next, former);
    if (rootsRemoved) this.#rootsRemovedAt = performance.now();
    const policyChanged = next.policyDigest !== former.policyDigest;
    const drained = new Map<DrainReason, Connection[]>();
    for (const connection of this.#connections) {
      const reason = this.#judgeAgain(connection, next, rootsRemoved, policyChanged);
      if (reason) drained.set(reason, [...(drained.get(reason) ?? []), connection]);
    }
    for (const [reason, connections] of drained) this.#drain(reason, connections);
  }

  #judgeAgain(connection: Connection, next: Generation, rootsRemoved: boolean, policyChanged: boolean): DrainReason | undefined {
    if (connection.draining === 'root-removed') return undefined;
    if (rootsRemoved && !isTrusted(connection, next)) return 'root-removed';
    const decision = this.#decide(connection, next);
    const wasDenied = connection.denied !== undefined;
    connection.denied = decision.decision === 'denied' ? decision.code : undefined;
    if (connection.denied === undefined) {
      // a policy that lists it again takes the drain back
      if (connection.draining === 'policy-changed') connection.draining = undefined;
      return undefined;
    }
    return wasDenied || !(policyChanged || connection.draining === undefined) ? undefined : 'policy-changed';
  }

  #drain(reason: DrainReason, connections: readonly Connection[]): void {
    const { log, metrics, timings } = this.#runtime;
    log('drain-started', { side: 'server', reason, connections: connections.length });
    for (const connection of connections) {
      connection.draining = reason;
      if (connection.response && !connection.response.headersSent) connection.response.shouldKeepAlive = false;
      if (connection.denied !== undefined) {
        // its further requests are refused one by one, where there are requests
        if (!this.#options.hasRequests) connection.socket.destroy();
      } else if (connection.drain) connection.drain(timings.drainGraceMs);
      else if (connection.session && !connection.session.destroyed) connection.session.close();
      connection.socket.once('close', () => metrics.add('sentinel_mtls_drained_connections_total', ['server', reason]));
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      let destroyed = 0;
      for (const connection of connections) {
        if (connection.socket.destroyed || connection.draining !== reason) continue;
        connection.socket.destroy();
        destroyed++;
      }
      log('drain-ended', { side: 'server', reason, destroyed });
    }, timings.drainGraceMs).unref();
    this.#timers.add(timer);
  }

  #close(): void {
    this.#unsubscribe();
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

/** By the plain call: `getPeerX509Certificate` takes 0.2 ms for an object that nobody needs here. */
function peerOfSocket(socket: TLSSocket): Peer {
  // an empty object when there is no certificate
  const { raw }: { readonly raw?: Buffer } = socket.getPeerCertificate();
  return raw ? peerOf(raw) : NOBODY;
}

/** A server of HTTP/2 takes both, and has judged the other kind by its stream. */
const isHttp1 = (request: unknown): request is IncomingMessage =>
  typeof request === 'object' && request !== null && 'httpVersionMajor' in request && request.httpVersionMajor === 1;
