import { Agent, type AgentOptions } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { CallOptions, Client } from './client.js';
import { normalHost } from './host-name.js';

export interface MtlsAgentOptions extends Pick<CallOptions, 'authorizer' | 'via'> {
  /** Sockets kept open between requests. @default 256, as Node */
  readonly maxFreeSockets?: number;
  /** @default no limit, as Node */
  readonly maxSockets?: number;
}

interface ConnectOptions {
  readonly host?: string;
  readonly port?: number | string;
  readonly lookup?: LookupFunction;
}

/**
 * An `https.Agent` whose connections carry the identity that stands. Certificates, roots and checks of a single
 * request's options have no effect: they are the agent's alone.
 */
export class MtlsAgent extends Agent {
  readonly #client: Client;
  readonly #call: Pick<CallOptions, 'authorizer' | 'via'>;

  constructor(client: Client, { authorizer, via, ...sockets }: MtlsAgentOptions = {}) {
    // no cached sessions: resuming one would skip the check of the server
    super({ keepAlive: true, maxCachedSessions: 0, ...sockets } satisfies AgentOptions);
    this.#client = client;
    this.#call = { authorizer, via };
    // before the agent's own listener, which would hand the socket to a waiting request
    this.prependListener('free', socket => {
      if (socket instanceof TLSSocket && client.isRetired(socket)) socket.destroy();
    });
  }

  override createConnection(options: object, _callback?: unknown): TLSSocket {
    const { host = 'localhost', port = 443, lookup } = options as ConnectOptions;
    return this.#client.connect({ host, port: Number(port), alpn: ['http/1.1'], lookup, ...this.#call }, socket => this.#retire(socket));
  }

  /** Pools by host and port only: whatever else a request brings does not count. */
  override getName(options?: object): string {
    const { host = 'localhost', port = 443 } = (options ?? {}) as ConnectOptions;
    return `${normalHost(host)}:${port}`;
  }

  override keepSocketAlive(socket: Duplex): boolean {
    return socket instanceof TLSSocket && !this.#client.isRetired(socket) && superKeeps(this, socket);
  }

  #retire(socket: TLSSocket): void {
    const free = Object.values(this.freeSockets).some(sockets => sockets?.includes(socket));
    if (free) socket.destroy();
  }
}

const superKeeps = (agent: Agent, socket: Duplex): boolean => Boolean(Agent.prototype.keepSocketAlive.call(agent, socket));
