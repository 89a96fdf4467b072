import type { TLSSocket } from 'node:tls';
import { Agent, Dispatcher, fetch, type RequestInfo, type RequestInit, type Response } from 'undici';
import type { CallOptions } from './client.js';
import type { Generation } from './generation.js';
import { removedRoots } from './generation.js';
import type { Mtls } from './mtls.js';

export interface MtlsDispatcherOptions extends Pick<CallOptions, 'authorizer' | 'via'> {
  /** HTTP/2 where the server offers it. @default false */
  readonly allowH2?: boolean;
  /** Further options of undici's Agent; `connect` is this library's. */
  readonly agent?: Omit<Agent.Options, 'connect' | 'allowH2'>;
}

/**
 * A dispatcher whose connections carry the identity that stands. After a swap of leaf or roots new requests go to a
 * new pool, and the former one closes when its requests are done.
 */
export class MtlsDispatcher extends Dispatcher {
  readonly #mtls: Mtls;
  readonly #options: MtlsDispatcherOptions;
  readonly #unsubscribe: () => void;
  #agent: Agent;

  constructor(mtls: Mtls, options: MtlsDispatcherOptions = {}) {
    super();
    this.#mtls = mtls;
    this.#options = options;
    this.#agent = this.#makeAgent();
    this.#unsubscribe = mtls.source.onSwap((next, former) => this.#swap(next, former));
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return this.#agent.dispatch(options, handler);
  }

  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | void {
    this.#unsubscribe();
    const done = this.#agent.close();
    if (!callback) return done;
    void done.then(callback);
  }

  override destroy(): Promise<void>;
  override destroy(error: Error | null): Promise<void>;
  override destroy(callback: () => void): void;
  override destroy(error: Error | null, callback: () => void): void;
  override destroy(first?: Error | null | (() => void), second?: () => void): Promise<void> | void {
    this.#unsubscribe();
    const callback = typeof first === 'function' ? first : second;
    const done = this.#agent.destroy(typeof first === 'function' ? null : (first ?? null));
    if (!callback) return done;
    void done.then(callback);
  }

  #swap(next: Generation, former: Generation | undefined): void {
    if (!former || (next.certPem === former.certPem && !removedRoots(next, former))) return;
    const retired = this.#agent;
    this.#agent = this.#makeAgent();
    retired.close().catch(() => {});
  }

  #makeAgent(): Agent {
    const { authorizer, via, allowH2 = false, agent } = this.#options;
    return new Agent({
      ...agent,
      allowH2,
      connect: ({ protocol, hostname, port }, callback) => {
        if (protocol !== 'https:') return callback(new TypeError(`expected an https: URL, found ${protocol}`), null);
        let socket: TLSSocket;
        try {
          const alpn = allowH2 ? ['h2', 'http/1.1'] : ['http/1.1'];
          socket = this.#mtls.client.connect({ host: hostname, port: Number(port || 443), authorizer, via, alpn }, () => {});
        } catch (error) {
          return callback(error instanceof Error ? error : new Error(String(error)), null);
        }
        const failed = (error: Error): void => callback(error, null);
        socket.once('error', failed);
        socket.once('secureConnect', () => {
          socket.off('error', failed);
          callback(null, socket);
        });
      },
    });
  }
}

/** `fetch` with the identity of this process; an answer of this undici, whichever Node's own is. */
export function mtlsFetch(mtls: Mtls, options: MtlsDispatcherOptions = {}): (input: RequestInfo, init?: RequestInit) => Promise<Response> {
  const dispatcher = new MtlsDispatcher(mtls, options);
  return (input, init) => fetch(input, { ...init, dispatcher });
}
