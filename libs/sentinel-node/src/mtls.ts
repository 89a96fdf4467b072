import { createServer as createPlainServer, type Server as HttpServer, type RequestListener } from 'node:http';
import {
  type ClientHttp2Session,
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import { createServer as createTlsHttpServer, type Server as HttpsServer } from 'node:https';
import { createServer as createTls, type TLSSocket, type Server as TlsServer } from 'node:tls';
import { MtlsAgent, type MtlsAgentOptions } from './agent.js';
import { type Authorizer, auditing, authorizePolicy, developmentPin, isAuthorizeAny } from './authorizer.js';
import { type CallOptions, Client } from './client.js';
import { MtlsError } from './codes.js';
import { connectionOf } from './connections.js';
import { FileSource } from './file-source.js';
import { stripHeaders } from './forged-headers.js';
import type { Generation } from './generation.js';
import { healthHandler } from './health.js';
import { Http2Sessions } from './http2-client.js';
import { jsonLogger, type Logger, safeLogger } from './logger.js';
import { type MemoryFiles, MemorySource } from './memory-source.js';
import { Metrics } from './metrics.js';
import type { Peer } from './peer.js';
import type { Mode } from './policy.js';
import type { Runtime } from './runtime.js';
import { ServerGuard } from './server-guard.js';
import { DEFAULT_MIN_VERSION, type MinVersion, type Paths, settingsFromEnvironment, type Timings, timingsOf } from './settings.js';
import type { Source } from './source.js';
import { secureContextOptions } from './tls-context.js';

export interface MtlsOptions extends Partial<Paths> {
  /** @default the variables MTLS_… of the process */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Instead of MTLS_ENABLED and MTLS_MODE. */
  readonly mode?: Mode;
  /** @default TLSv1.3 */
  readonly minVersion?: MinVersion;
  readonly timings?: Partial<Timings>;
  /** @default one line of JSON an event, to standard error */
  readonly logger?: Logger;
  /** False: only `refresh` looks at the files. @default true */
  readonly watch?: boolean;
}

export interface ServerOptions {
  /** Port of the policy. @default the port that the server listens on */
  readonly port?: number;
  /** Instead of the policy. Without either there is no server. */
  readonly authorizer?: Authorizer;
}

export interface TlsServerOptions extends ServerOptions {
  readonly alpn?: readonly string[];
  /** True where the listener itself refuses requests of a peer that was denied later. @default false */
  readonly hasRequests?: boolean;
}

/** Mutual TLS of one process: its identity, whom it admits, and whom it calls. */
export class Mtls {
  readonly mode: Mode;
  readonly metrics: Metrics;
  readonly #runtime: Runtime | undefined;
  readonly #client: Client | undefined;
  readonly #sessions: Http2Sessions | undefined;

  /**
   * Reads settings and files, and waits for a first valid generation.
   *
   * @throws MtlsError with the code of what is wrong
   */
  static async open(options: MtlsOptions = {}): Promise<Mtls> {
    const { env, mode: given, minVersion = DEFAULT_MIN_VERSION, timings: some, logger = jsonLogger, watch = true, ...paths } = options;
    const settings = settingsFromEnvironment(env);
    const mode = given ?? settings.mode;
    const timings = timingsOf(some ?? {});
    if (minVersion !== 'TLSv1.2' && minVersion !== 'TLSv1.3')
      throw new MtlsError('setting-invalid', 'minVersion is neither TLSv1.2 nor TLSv1.3');
    const log = safeLogger(logger, timings.maxLogTextLength);
    const metrics = new Metrics();
    metrics.set('sentinel_mtls_mode', [mode], 1);
    if (mode === 'disabled') {
      log('mtls-disabled');
      return new Mtls(mode, metrics, undefined);
    }
    const { certPath, keyPath, caPath, policyPath } = { ...settings, ...paths };
    const source = await FileSource.open({ certPath, keyPath, caPath, policyPath, timings, logger, metrics, watch });
    return new Mtls(mode, metrics, { source, metrics, log, timings, minVersion, mode });
  }

  /**
   * Takes the files as texts, which never change. For a process that gets them in another way, and for proofs.
   *
   * @throws MtlsError with the code of what is refused
   */
  static inMemory(files: MemoryFiles, options: Pick<MtlsOptions, 'mode' | 'minVersion' | 'timings' | 'logger'> = {}): Mtls {
    const { mode = 'strict', minVersion = DEFAULT_MIN_VERSION, logger = jsonLogger } = options;
    const timings = timingsOf(options.timings ?? {});
    const metrics = new Metrics();
    metrics.set('sentinel_mtls_mode', [mode], 1);
    const log = safeLogger(logger, timings.maxLogTextLength);
    return new Mtls(mode, metrics, { source: new MemorySource(files, timings, metrics), metrics, log, timings, minVersion, mode });
  }

  private constructor(mode: Mode, metrics: Metrics, runtime: Runtime | undefined) {
    this.mode = mode;
    this.metrics = metrics;
    this.#runtime = runtime;
    this.#client = runtime && new Client(runtime);
    this.#sessions = this.#client && new Http2Sessions(this.#client);
  }

  /** Where the generations come from. @throws Error in mode disabled */
  get source(): Source {
    return this.runtime.source;
  }

  /** What the parts of this library share. @throws Error in mode disabled */
  get runtime(): Runtime {
    if (!this.#runtime) throw new Error('mutual TLS is disabled in this process');
    return this.#runtime;
  }

  /** Client connections. @throws Error in mode disabled */
  get client(): Client {
    if (!this.#client) throw new Error('mutual TLS is disabled in this process');
    return this.#client;
  }

  /** A server of HTTP/1, as of `node:https`; in mode disabled as of `node:http`. */
  createHttpsServer(options: ServerOptions, handler?: RequestListener): HttpsServer | HttpServer {
    if (!this.#runtime) return createPlainServer(withoutForgedHeaders(handler ?? (() => {})));
    const server = createTlsHttpServer(this.#tlsOptions(), handler);
    this.#guard(server, options, true);
    return server;
  }

  /** A server of HTTP/2 that speaks HTTP/1 as well, as of `node:http2`. @throws Error in mode disabled */
  createHttp2Server(
    options: ServerOptions,
    handler?: (request: Http2ServerRequest, response: Http2ServerResponse) => void,
  ): Http2SecureServer {
    const server = createSecureServer({ ...this.#tlsOptions(), allowHTTP1: true }, handler);
    this.#guard(server, options, true);
    return server;
  }

  /** A server of bare TLS, as of `node:tls`. @throws Error in mode disabled */
  createTlsServer(options: TlsServerOptions, listener?: (socket: TLSSocket) => void): TlsServer {
    const { alpn, hasRequests = false } = options;
    const server = createTls({ ...this.#tlsOptions(), ...(alpn && { ALPNProtocols: [...alpn] }) }, listener);
    this.#guard(server, options, hasRequests);
    return server;
  }

  /**
   * A server of HTTP/1 that listens; in mode permissive a plain one beside it, on the policy's plain port.
   *
   * @param options `port` of the policy and to listen on; `listen` to listen elsewhere
   */
  async serveHttps(
    options: ServerOptions & { readonly host?: string; readonly listen?: number },
    handler: RequestListener,
  ): Promise<{ readonly server: HttpsServer | HttpServer; readonly plain: readonly HttpServer[]; close(): Promise<void> }> {
    const server = this.createHttpsServer(options, handler);
    const plain: HttpServer[] = [];
    await listening(server, options.listen ?? options.port ?? 0, options.host);
    const policyPort = options.port;
    if (this.#runtime && policyPort !== undefined && !options.authorizer) {
      const { policy } = this.#runtime.source.current();
      const ports = policy?.modeOf(policyPort) === 'permissive' ? policy.plainPortsOf(policyPort) : [];
      for (const port of ports) {
        const beside = createPlainServer(withoutForgedHeaders(handler));
        const count = (by: number): void => this.metrics.add('sentinel_mtls_plain_connections_total', [port], by);
        // a row of 0 tells a silent port from a library that does not count
        count(0);
        beside.on('connection', () => count(1));
        await listening(beside, port, options.host);
        this.#runtime.log('plain-listener', { port });
        plain.push(beside);
      }
    }
    return { server, plain, close: async () => void (await Promise.all([server, ...plain].map(closed))) };
  }

  /** An agent for `https.request`; in mode disabled none that speaks https. */
  agent(options: MtlsAgentOptions = {}): MtlsAgent {
    return new MtlsAgent(this.client, options);
  }

  /** A session of HTTP/2 for the next request to an `https:` URL. */
  http2Session(url: string | URL): ClientHttp2Session {
    this.client;
    return (this.#sessions as Http2Sessions).session(url);
  }

  /** A bare TLS connection. Its `error` is an MtlsError where this library refused. */
  connect(call: CallOptions): TLSSocket {
    // its owner knows what it carries: only a root that was removed ends it
    return this.client.connect(call, () => {});
  }

  /** Answers `/healthz`, `/readyz`, `/metrics`. */
  healthHandler(): RequestListener {
    return healthHandler(this.#runtime?.source, this.metrics);
  }

  /** The generation that stands. */
  current(): Generation {
    return this.source.current();
  }

  /** Looks at the files now. */
  async refresh(): Promise<void> {
    await this.#runtime?.source.refresh();
  }

  /** Stops watching; servers and connections are their owner's matter. */
  close(): void {
    this.#client?.close();
    this.#sessions?.close();
    this.#runtime?.source.close();
  }

  /** Authorizer of a server: what is given, else the policy, else the development pin. */
  authorizerOf({ authorizer, port }: ServerOptions): Authorizer {
    const { source, log, mode } = this.runtime;
    if (authorizer) {
      if (isAuthorizeAny(authorizer)) log('authorizer-any', { port: port ?? 0 });
      return mode === 'audit' ? auditing(authorizer) : authorizer;
    }
    const generation = source.current();
    if (generation.policy) return authorizePolicy(port);
    if (generation.isSelfRooted) return developmentPin;
    throw new MtlsError(
      'authorizer-missing',
      'a server needs policy.json (MTLS_POLICY_PATH) or an authorizer; authorizeAny() admits anybody of the bundle',
    );
  }

  #tlsOptions(): Parameters<typeof createTls>[0] & object {
    const { source, minVersion, timings } = this.runtime;
    return {
      ...secureContextOptions(source.current(), minVersion),
      requestCert: true,
      rejectUnauthorized: true,
      handshakeTimeout: timings.handshakeTimeoutMs,
    };
  }

  #guard(server: TlsServer, options: ServerOptions, hasRequests: boolean): void {
    new ServerGuard(this.runtime, server, { authorizer: this.authorizerOf(options), port: options.port, hasRequests });
  }
}

/** Opens mutual TLS for this process: see `Mtls.open`. */
export const openMtls = (options?: MtlsOptions): Promise<Mtls> => Mtls.open(options);

/** The peer of a request, or of a socket, of one of this library's servers; undefined for any other. */
export function peerOfRequest(request: { readonly socket?: object | null } | TLSSocket): Peer | undefined {
  return connectionOf(request)?.peer ?? ('socket' in request ? connectionOf(request.socket)?.peer : undefined);
}

/** A plain port knows no peer, and so must believe none. */
const withoutForgedHeaders =
  (handler: RequestListener): RequestListener =>
  (request, response) => {
    stripHeaders(request);
    handler(request, response);
  };

function listening(server: HttpServer | HttpsServer, port: number, host: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

const closed = (server: HttpServer | HttpsServer): Promise<void> =>
  new Promise(resolve => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
