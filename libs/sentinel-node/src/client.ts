import { isIP, type Socket } from 'node:net';
import { type ConnectionOptions, type PeerCertificate, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { type Authorizer, judge } from './authorizer.js';
import { type Code, MtlsError } from './codes.js';
import { type Connection, isTrusted, markConnection } from './connections.js';
import { type Generation, removedRoots } from './generation.js';
import { isForHost, normalHost } from './host-name.js';
import { type Peer, peerOf } from './peer.js';
import { audited, type Decision, denied } from './policy.js';
import { decide, type Place, type Runtime, reportDecision, reportRefusal } from './runtime.js';
import { clientContext } from './tls-context.js';
import { handshakeCode } from './tls-reasons.js';

export interface CallOptions {
  /** Host as the policy names it; the server's certificate must be for it. */
  readonly host: string;
  /** Port of the policy. */
  readonly port: number;
  /** Where to connect instead of `host` and `port`. The identity that is expected stays theirs. */
  readonly via?: { readonly host: string; readonly port: number } | undefined;
  /** Judges the server, instead of the policy. */
  readonly authorizer?: Authorizer | undefined;
  readonly alpn?: readonly string[] | undefined;
  /** A connection that is made already. */
  readonly socket?: Socket | undefined;
  readonly lookup?: ConnectionOptions['lookup'] | undefined;
}

/** Called when a client connection must get no further request. */
export type Retire = (socket: TLSSocket) => void;

/**
 * Client connections of one process: who may be called, who is expected there, and what a swap does to them.
 */
export class Client {
  readonly #runtime: Runtime;
  readonly #connections = new Map<TLSSocket, { readonly connection: Connection; readonly retire: Retire }>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #unsubscribe: () => void;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#unsubscribe = runtime.source.onSwap((next, former) => this.#swap(next, former));
  }

  /** Number of open connections. */
  get size(): number {
    return this.#connections.size;
  }

  /** Ends the hearing of swaps; connections stay. */
  close(): void {
    this.#unsubscribe();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** Whether a connection must get no further request. One whose handshake is under way is none of them. */
  isRetired(socket: TLSSocket): boolean {
    return this.#connections.get(socket)?.connection.draining !== undefined;
  }

  /**
   * Refuses a call that the policy does not know.
   *
   * @throws MtlsError with code call-not-declared or call-disabled
   */
  checkCall(call: CallOptions): void {
    const { policy } = this.#runtime.source.current();
    if (!policy || call.authorizer) return;
    const decision = policy.mayCall(call.host, call.port);
    if (decision.decision !== 'denied') return;
    const place = placeOf(call);
    reportRefusal(this.#runtime, place, decision.code, undefined);
    throw new MtlsError(
      decision.code,
      `${place.port}: ${decision.code === 'call-disabled' ? 'declared without mutual TLS' : 'no such call in policy.json'}`,
    );
  }

  /**
   * Connects with the identity that stands. The socket emits `secureConnect` only for a server that was admitted,
   * else `error` with an MtlsError, or the error of the network.
   *
   * @throws MtlsError when the call is not declared
   */
  connect(call: CallOptions, retire: Retire): TLSSocket {
    this.checkCall(call);
    const { source, timings, minVersion } = this.#runtime;
    const generation = source.current();
    const { host, port } = call.via ?? call;
    let decision: Decision | undefined;
    let peer: Peer | undefined;
    const socket = tlsConnect({
      ...(call.socket ? { socket: call.socket } : { host: normalHost(host), port, ...(call.lookup && { lookup: call.lookup }) }),
      // RFC 6066: an address is no server name
      servername: isIP(normalHost(call.host)) === 0 ? normalHost(call.host) : '',
      secureContext: clientContext(generation, minVersion),
      minVersion,
      rejectUnauthorized: true,
      ...(call.alpn && { ALPNProtocols: [...call.alpn] }),
      checkServerIdentity: (_host: string, { raw }: PeerCertificate): Error | undefined => {
        peer = peerOf(raw);
        decision = this.#judge(call, peer, source.current());
        if (decision.decision !== 'denied') return undefined;
        return new MtlsError(decision.code, `${placeOf(call).port}: ${peerText(peer)}`, spiffeIdOf(peer));
      },
    });
    this.#watch(socket, call, generation, retire, () => ({ decision, peer }));
    socket.setTimeout(0);
    let missing = call.socket || isIP(normalHost(host)) !== 0 ? 'connection' : 'address of that name';
    socket.once('lookup', () => {
      missing = 'connection';
    });
    const timer = setTimeout(() => {
      // one deadline for all of it; who looks for the reason has to know how far it came
      const [code, what] = socket.connecting ? (['connect-failed', missing] as const) : (['handshake-timeout', 'handshake'] as const);
      socket.destroy(new MtlsError(code, `${placeOf(call).port}: no ${what} within ${timings.handshakeTimeoutMs} ms`));
    }, timings.handshakeTimeoutMs);
    const stop = (): void => clearTimeout(timer);
    socket.once('secureConnect', stop);
    socket.once('close', stop);
    return socket;
  }

  #judge(call: CallOptions, peer: Peer, generation: Generation): Decision {
    const named = peer.certificate !== undefined && isForHost(peer.certificate, call.host);
    const { mode } = this.#runtime;
    const { policy } = generation;
    const authorizer: Authorizer =
      policy && !call.authorizer
        ? ({ identity }) => policy.authorizeServer(call.host, call.port, identity, named)
        : (asked, context) => {
            // the name is no matter of modes: without it anybody of the bundle could answer
            if (!named) return denied('peer-name-mismatch');
            const decision = call.authorizer ? judge(call.authorizer, asked, context) : OK;
            return decision.decision === 'denied' && mode === 'audit' ? audited(decision.code) : decision;
          };
    return decide(authorizer, peer, { generation, port: undefined });
  }

  #watch(
    socket: TLSSocket,
    call: CallOptions,
    generation: Generation,
    retire: Retire,
    found: () => { readonly decision: Decision | undefined; readonly peer: Peer | undefined },
  ): void {
    const place = placeOf(call);
    let done = false;
    const refuse = (code: Code): void => {
      if (done) return;
      done = true;
      const { decision, peer } = found();
      if (peer && decision?.decision === 'denied') reportDecision(this.#runtime, place, peer, decision);
      else reportRefusal(this.#runtime, place, code, undefined);
    };
    // the first listener, so that a socket without another one never ends the process
    socket.on('error', (error: NodeJS.ErrnoException) => refuse(error instanceof MtlsError ? error.code : handshakeCode(error, undefined)));
    socket.once('close', () => refuse('handshake-closed'));
    socket.once('secureConnect', () => {
      if (done) return;
      done = true;
      const { decision, peer } = found();
      // without a judgement (a resumed session) nobody has been admitted
      if (!peer || !decision || socket.isSessionReused()) {
        socket.destroy(new MtlsError('handshake-failed', `${place.port}: the server was not judged`));
        return;
      }
      reportDecision(this.#runtime, place, peer, decision);
      this.#keep(socket, peer, generation, retire);
    });
  }

  #keep(socket: TLSSocket, peer: Peer, generation: Generation, retire: Retire): void {
    const { metrics, source } = this.#runtime;
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
    markConnection(socket, connection);
    this.#connections.set(socket, { connection, retire });
    metrics.add('sentinel_mtls_connections', ['client', generation.number]);
    metrics.add('sentinel_mtls_negotiated_total', ['client', socket.getProtocol() ?? 'unknown', groupOf(socket)]);
    socket.once('close', () => {
      this.#connections.delete(socket);
      metrics.add('sentinel_mtls_connections', ['client', generation.number], -1);
    });
    // a swap may have come during the handshake
    const now = source.current();
    if (now.identity !== generation.identity) queueMicrotask(() => this.#retire([{ connection, retire }], 'identity-changed'));
  }

  #swap(next: Generation, former: Generation | undefined): void {
    if (!former || next.identity === former.identity) return;
    const leafChanged = next.certPem !== former.certPem;
    const rootsRemoved = removedRoots(next, former);
    if (!leafChanged && !rootsRemoved) return;
    const all = [...this.#connections.values()].filter(({ connection }) => connection.draining === undefined);
    const untrusted = rootsRemoved ? all.filter(({ connection }) => !isTrusted(connection, next)) : [];
    if (untrusted.length > 0) this.#retire(untrusted, 'root-removed');
    if (leafChanged)
      this.#retire(
        all.filter(each => !untrusted.includes(each)),
        'identity-changed',
      );
  }

  #retire(
    entries: readonly { readonly connection: Connection; readonly retire: Retire }[],
    reason: 'root-removed' | 'identity-changed',
  ): void {
    const { log, metrics, timings } = this.#runtime;
    const open = entries.filter(({ connection }) => !connection.socket.destroyed && connection.draining === undefined);
    if (open.length === 0) return;
    log('drain-started', { side: 'client', reason, connections: open.length });
    for (const { connection, retire } of open) {
      connection.draining = reason;
      connection.socket.once('close', () => metrics.add('sentinel_mtls_drained_connections_total', ['client', reason]));
      retire(connection.socket);
    }
    // a long answer may still come under the former identity, but not from a server that is no longer trusted
    if (reason === 'identity-changed') return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const left = open.filter(({ connection }) => !connection.socket.destroyed);
      for (const { connection } of left) connection.socket.destroy();
      log('drain-ended', { side: 'client', reason, destroyed: left.length });
    }, timings.drainGraceMs).unref();
    this.#timers.add(timer);
  }
}

const OK: Decision = { decision: 'allowed', code: 'ok' };

const placeOf = ({ host, port, via }: CallOptions): Place => ({
  side: 'client',
  port: `${normalHost(host)}:${port}`,
  remote: via ? `${via.host}:${via.port}` : `${host}:${port}`,
});

const spiffeIdOf = ({ identity }: Peer): string | undefined => ('spiffeId' in identity ? identity.spiffeId : undefined);

const peerText = ({ identity }: Peer): string =>
  'spiffeId' in identity ? `the server is ${identity.spiffeId}` : `the server has ${identity.code}`;

function groupOf(socket: TLSSocket): string {
  const found: unknown = socket.getEphemeralKeyInfo();
  const name = typeof found === 'object' && found !== null && 'name' in found ? found.name : undefined;
  return typeof name === 'string' && name !== '' ? name : 'unknown';
}
