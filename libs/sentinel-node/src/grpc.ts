import type { AddressInfo } from 'node:net';
import type { TLSSocket, Server as TlsServer } from 'node:tls';
import * as grpc from '@grpc/grpc-js';
import type { CallOptions } from './client.js';
import { connectionOf } from './connections.js';
import { removedRoots } from './generation.js';
import type { Mtls, ServerOptions } from './mtls.js';
import { type Peer, peerName } from './peer.js';

export interface GrpcServerOptions extends ServerOptions {
  /** Options of grpc's own Server, such as interceptors. */
  readonly grpc?: grpc.ServerOptions;
}

/**
 * A gRPC server behind mutual TLS. TLS ends in this library, which hands admitted connections to grpc: so a caller
 * that is not listed gets no further than its handshake, and a connection that is drained gets GOAWAY.
 */
export class MtlsGrpcServer {
  /** To add services to; bind nothing with it. */
  readonly server: grpc.Server;
  readonly #tls: TlsServer;
  readonly #peers = new Map<string, TLSSocket>();

  constructor(mtls: Mtls, { grpc: grpcOptions = {}, ...options }: GrpcServerOptions) {
    const guard: grpc.ServerInterceptor = (_descriptor, call) => this.#judgeCall(call);
    // ours comes first: a call that is refused reaches no other interceptor
    this.server = new grpc.Server({ ...grpcOptions, interceptors: [guard, ...(grpcOptions.interceptors ?? [])] });
    this.#tls = mtls.createTlsServer({ ...options, alpn: ['h2'], hasRequests: true }, socket => this.#inject(socket));
  }

  /** Listens; resolves with the port. */
  listen(port: number, host?: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#tls.once('error', reject);
      this.#tls.listen(port, host, () => {
        this.#tls.off('error', reject);
        resolve((this.#tls.address() as AddressInfo).port);
      });
    });
  }

  /** Ends listening, and waits for calls under way. */
  close(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#tls.close();
      this.server.tryShutdown(error => (error ? reject(error) : resolve()));
    });
  }

  /** Ends everything now. */
  destroy(): void {
    this.#tls.close();
    for (const socket of this.#peers.values()) socket.destroy();
    this.server.forceShutdown();
  }

  /** The peer of a call; undefined once its connection is gone. */
  peer(call: { getPeer(): string }): Peer | undefined {
    return connectionOf(this.#peers.get(call.getPeer()))?.peer;
  }

  #inject(socket: TLSSocket): void {
    const connection = connectionOf(socket);
    // an injector a connection: it is the unit that grpc can drain
    const injector = this.server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
    if (connection) connection.drain = graceMs => injector.drain(graceMs);
    const key = remoteOf(socket);
    this.#peers.set(key, socket);
    socket.once('close', () => {
      if (this.#peers.get(key) === socket) this.#peers.delete(key);
      injector.destroy();
    });
    injector.injectConnection(socket);
  }

  #judgeCall(call: grpc.ServerInterceptingCallInterface): grpc.ServerInterceptingCall {
    const connection = connectionOf(this.#peers.get(call.getPeer()));
    if (connection && connection.denied === undefined) return new grpc.ServerInterceptingCall(call);
    const name = connection ? peerName(connection.peer) : 'none';
    return new grpc.ServerInterceptingCall(call, {
      // the handler is found after the metadata, which is never handed on
      start: next =>
        next({
          onReceiveMetadata: () =>
            call.sendStatus({
              code: grpc.status.PERMISSION_DENIED,
              details: `${name} may not call this port: ${connection?.denied ?? 'no connection'}`,
            }),
        }),
    });
  }
}

const remoteOf = ({ remoteAddress, remotePort }: TLSSocket): string => `${remoteAddress}:${remotePort}`;

export interface GrpcChannelOptions extends Pick<CallOptions, 'authorizer'> {
  /** Host and port as the policy names them, where the target is another one. @default those of the target */
  readonly host?: string;
  readonly port?: number;
  /** Options of grpc's own channel. */
  readonly grpc?: grpc.ChannelOptions;
}

/**
 * A channel whose connections carry the identity that stands: after a swap of leaf or roots, calls go to a new
 * connection, and the former one ends with its last call. For the option `channelOverride` of a client.
 */
export class MtlsGrpcChannel implements Channel {
  readonly #mtls: Mtls;
  readonly #target: string;
  readonly #options: GrpcChannelOptions;
  readonly #unsubscribe: () => void;
  #current: Counted;
  #closed = false;

  constructor(mtls: Mtls, target: string, options: GrpcChannelOptions = {}) {
    this.#mtls = mtls;
    this.#target = target;
    this.#options = options;
    this.#current = this.#make();
    this.#unsubscribe = mtls.source.onSwap((next, former) => {
      if (!former || (next.certPem === former.certPem && !removedRoots(next, former))) return;
      const retired = this.#current;
      this.#current = this.#make();
      retired.retire();
    });
  }

  /** What a client's constructor asks for beside `channelOverride`. */
  get credentials(): grpc.ChannelCredentials {
    return this.#current.credentials;
  }

  createCall(...args: Parameters<Channel['createCall']>): ReturnType<Channel['createCall']> {
    return this.#current.createCall(args);
  }

  getTarget(): string {
    return this.#current.channel.getTarget();
  }

  getConnectivityState(tryToConnect: boolean): grpc.connectivityState {
    return this.#current.channel.getConnectivityState(tryToConnect);
  }

  watchConnectivityState(state: grpc.connectivityState, deadline: Date | number, callback: (error?: Error) => void): void {
    this.#current.channel.watchConnectivityState(state, deadline, callback);
  }

  getChannelzRef(): ReturnType<Channel['getChannelzRef']> {
    return this.#current.channel.getChannelzRef();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unsubscribe();
    this.#current.channel.close();
  }

  #make(): Counted {
    const credentials = new MtlsChannelCredentials(this.#mtls, this.#options);
    return new Counted(credentials, new grpc.Channel(this.#target, credentials, this.#options.grpc ?? {}));
  }
}

type Channel = Pick<grpc.Channel, keyof grpc.Channel>;

/** A channel that closes after its last call: closing it earlier would fail a call that still waits for its connection. */
class Counted {
  readonly credentials: grpc.ChannelCredentials;
  readonly channel: grpc.Channel;
  #calls = 0;
  #retired = false;

  constructor(credentials: grpc.ChannelCredentials, channel: grpc.Channel) {
    this.credentials = credentials;
    this.channel = channel;
  }

  createCall(args: Parameters<Channel['createCall']>): ReturnType<Channel['createCall']> {
    const call = this.channel.createCall(...args);
    const start = call.start.bind(call);
    call.start = (metadata, listener) => {
      this.#calls++;
      start(metadata, {
        onReceiveMetadata: received => listener.onReceiveMetadata(received),
        onReceiveMessage: message => listener.onReceiveMessage(message),
        onReceiveStatus: status => {
          this.#calls--;
          listener.onReceiveStatus(status);
          this.#closeWhenDone();
        },
      });
    };
    return call;
  }

  retire(): void {
    this.#retired = true;
    this.#closeWhenDone();
  }

  #closeWhenDone(): void {
    if (this.#retired && this.#calls === 0) this.channel.close();
  }
}

type Connector = ReturnType<grpc.ChannelCredentials['_createSecureConnector']>;

class MtlsChannelCredentials extends grpc.ChannelCredentials {
  readonly #mtls: Mtls;
  readonly #options: GrpcChannelOptions;

  constructor(mtls: Mtls, options: GrpcChannelOptions) {
    super();
    this.#mtls = mtls;
    this.#options = options;
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: grpc.ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(
    target: Parameters<grpc.ChannelCredentials['_createSecureConnector']>[0],
    _options: grpc.ChannelOptions,
    callCredentials?: grpc.CallCredentials,
  ): Connector {
    const call = this.#callOf(target.path);
    const { client } = this.#mtls;
    return {
      connect: socket =>
        new Promise((resolve, reject) => {
          const secure = client.connect({ ...call, socket, alpn: ['h2'] }, () => {});
          secure.once('secureConnect', () => resolve({ socket: secure, secure: true }));
          secure.once('error', reject);
          secure.once('close', () => reject(new Error('the connection was closed during the handshake')));
        }),
      waitForReady: async () => client.checkCall(call),
      getCallCredentials: () => callCredentials ?? grpc.CallCredentials.createEmpty(),
      destroy: () => {},
    };
  }

  #callOf(path: string): CallOptions {
    const target = splitTarget(path);
    return { host: this.#options.host ?? target.host, port: this.#options.port ?? target.port, authorizer: this.#options.authorizer };
  }
}

/** `host:port`, `[v6]:port` or `host`; the port of https by default, as grpc does. */
function splitTarget(path: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(path.replace(/^\/+/, ''));
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) throw new TypeError(`${JSON.stringify(path)} is no host and port`);
  return { host, port: Number(match?.[3] ?? 443) };
}
