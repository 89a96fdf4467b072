import type { AddressInfo, Socket } from 'node:net';
import type { Server } from 'node:tls';
import { type Authorizer, authorizePolicy, type Code, type Logger, Mtls, type Peer } from '../../../libs/sentinel-node/src/index.js';
import type { Credential } from '../../pki/authority-credential.js';
import type { ClientOutcome } from './loopback-client.js';
import { layerOf, runtimeReason } from './tls-reasons.js';
import type { Layer, Outcome } from './types.js';

/** The one byte after which a call counts: in TLS 1.3 a client sees success before the server has decided. */
const ADMITTED = '+';

export interface LoopbackServerProps {
  readonly credential: Credential;
  /** PEM of every root that is trusted. */
  readonly roots: string;
  /** Whom to admit: the text of the service's policy.json and the port of it, or an authorizer of the runtime library. */
  readonly admits: { readonly policy: string; readonly port: number } | Authorizer;
  /** In words, why the authorizer refuses, where its code says too little. */
  readonly refusal?: string;
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
 * A server of the runtime library on a loopback port: what it decides here is what it decides in a pod. Exchanges with
 * one server go one after another, because a handshake that TLS refused does not say whose it was.
 */
export class LoopbackServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #timeoutMs: number;
  #last: Promise<unknown> = Promise.resolve();
  #report: (verdict: ServerVerdict) => void = () => {};

  /** @throws MtlsError where a process with these files would not start */
  static async start(props: LoopbackServerProps): Promise<LoopbackServer> {
    const server = new LoopbackServer(props);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(0, '127.0.0.1', resolve);
    });
    return server;
  }

  private constructor({ credential, roots, admits, refusal, timeoutMs }: LoopbackServerProps) {
    this.#timeoutMs = timeoutMs;
    const byPolicy = typeof admits !== 'function';
    const logger: Logger = (_level, event, { code }) => {
      if (event === 'handshake-refused' && typeof code === 'string') this.#refuse(code as Code);
    };
    const files = { cert: credential.chain, key: credential.privateKeyPem(), ca: roots, ...(byPolicy && { policy: admits.policy }) };
    const mtls = Mtls.inMemory(files, { logger, timings: { handshakeTimeoutMs: timeoutMs } });
    const judge = byPolicy ? authorizePolicy(admits.port) : admits;
    const authorizer: Authorizer = (peer, context) => {
      const decision = judge(peer, context);
      this.#report(verdictOf(decision.decision, decision.code, peer, refusal));
      return decision;
    };
    this.#server = mtls.createTlsServer({ authorizer }, socket => socket.end(ADMITTED));
    this.#server.on('connection', socket => this.#keep(socket));
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

  #refuse(code: Code): void {
    this.#report({ layer: layerOf(code), reason: runtimeReason(code, 'client auth') });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setTimeout(this.#timeoutMs, () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

function verdictOf(decision: string, code: Code | 'ok', peer: Peer, refusal: string | undefined): ServerVerdict {
  if (code === 'ok') {
    const name = 'spiffeId' in peer.identity ? peer.identity.spiffeId : 'whoever calls';
    return { layer: 'identity', reason: `${name} is in the allow-list of policy.json` };
  }
  return { layer: decision === 'audited' ? 'audit' : layerOf(code), reason: refusal ?? runtimeReason(code, 'client auth', peer) };
}
