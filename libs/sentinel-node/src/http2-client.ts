import { type ClientHttp2Session, connect } from 'node:http2';
import type { CallOptions, Client } from './client.js';
import { normalHost } from './host-name.js';

/** HTTP/2 sessions by host and port, each made with the identity that stood then, and replaced after a swap. */
export class Http2Sessions {
  readonly #client: Client;
  readonly #call: Pick<CallOptions, 'authorizer' | 'via'>;
  readonly #sessions = new Map<string, ClientHttp2Session>();

  constructor(client: Client, call: Pick<CallOptions, 'authorizer' | 'via'> = {}) {
    this.#client = client;
    this.#call = call;
  }

  /**
   * A session to be used for the next request, and not kept: after a swap this gives another one.
   *
   * @throws MtlsError when the call is not declared
   */
  session(url: string | URL): ClientHttp2Session {
    const { protocol, hostname, port } = new URL(url);
    if (protocol !== 'https:') throw new TypeError(`expected an https: URL, found ${protocol}`);
    const call: CallOptions = { host: normalHost(hostname), port: port === '' ? 443 : Number(port), alpn: ['h2'], ...this.#call };
    this.#client.checkCall(call);
    const key = `${call.host}:${call.port}`;
    const known = this.#sessions.get(key);
    if (known && !known.closed && !known.destroyed) return known;
    const session = connect(`https://${hostname}:${call.port}`, {
      createConnection: () =>
        this.#client.connect(call, () => {
          this.#forget(key, session);
          // GOAWAY: streams under way end in peace
          session.close();
        }),
    });
    session.on('error', () => this.#forget(key, session));
    session.once('goaway', () => this.#forget(key, session));
    session.once('close', () => this.#forget(key, session));
    this.#sessions.set(key, session);
    return session;
  }

  close(): void {
    for (const session of this.#sessions.values()) session.close();
    this.#sessions.clear();
  }

  #forget(key: string, session: ClientHttp2Session): void {
    if (this.#sessions.get(key) === session) this.#sessions.delete(key);
  }
}
