import { setTimeout as pause } from 'node:timers/promises';
import { textAt } from '../_values.js';
import { ClusterError } from '../cluster-error.js';
import type { Connection } from './connection.js';
import { NoReply, type Question, type Reply, send } from './request.js';

export interface ApiOptions {
  /** Of one request. @default 30000 */
  readonly requestTimeoutMs?: number;
  /** How often a question is asked when the server is busy or the connection breaks. @default 5 */
  readonly tries?: number;
  /** Ends questions that are under way, and refuses new ones. */
  readonly signal?: AbortSignal;
}

/** An answer that is no success. `message` is the server's own. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export interface Page {
  readonly items: readonly unknown[];
  /** The list was too old to go on with and begins anew: what came before is to be forgotten. */
  readonly restarted: boolean;
}

/** Seconds that are waited at most, whatever Retry-After says. */
const LONGEST_PAUSE = 30;
/** Lists that change faster than they can be read. */
const MOST_RESTARTS = 3;

/** Talks to an API server with patience: it waits when asked to, tries again what may be tried again, and says what failed. */
export class Api {
  /** The server's clock minus ours, in milliseconds, by the last answer. */
  skewMs: number | undefined;
  readonly #timeoutMs: number;
  readonly #tries: number;
  readonly #signal: AbortSignal | undefined;

  constructor(
    readonly connection: Connection,
    options: ApiOptions = {},
  ) {
    this.#timeoutMs = options.requestTimeoutMs ?? 30_000;
    this.#tries = options.tries ?? 5;
    this.#signal = options.signal;
  }

  /**
   * The document of a success.
   *
   * @throws ApiFailure for a status of 400 and above
   * @throws NoReply when nothing comes, ClusterError when the credentials are refused
   */
  async ask(question: Question): Promise<unknown> {
    let reply = await this.#untilAnswered(question);
    // the credentials may have ended since they were made: what gives new ones is asked once, as kubectl does
    if (reply.status === 401 && this.connection.forget !== undefined) {
      this.connection.forget();
      reply = await this.#untilAnswered(question);
    }
    if (reply.status < 400) return reply.document;
    const message = textAt(reply.document, 'message') || `status ${reply.status}`;
    if (reply.status === 401)
      throw new ClusterError(
        'CLUSTER_REFUSED',
        `the API server does not know who asks: ${message}`,
        'renew your login; kubectl auth whoami shows it',
      );
    throw new ApiFailure(reply.status, message);
  }

  get(path: string): Promise<unknown> {
    return this.ask({ method: 'GET', path });
  }

  /**
   * A page of a pod, through the proxy of the API server; asked once, since pods come and go.
   *
   * @throws ApiFailure, NoReply
   */
  async page(path: string, timeoutMs: number): Promise<string> {
    const { status, document } = await send(this.connection, { method: 'GET', path, isText: true }, Math.min(timeoutMs, this.#timeoutMs));
    if (status >= 400) throw new ApiFailure(status, textAt(document, 'message') || `status ${status}`);
    return typeof document === 'string' ? document : '';
  }

  /** A list page by page, so that no more than one page is held; smaller pages where one does not fit. */
  async *pages(path: string, query: Readonly<Record<string, string>>, pageSize: number): AsyncGenerator<Page> {
    let limit = pageSize;
    let token = '';
    let restarts = 0;
    let restarted = false;
    for (;;) {
      const parameters = new URLSearchParams({ ...query, limit: String(limit), ...(token === '' ? {} : { continue: token }) });
      let document: unknown;
      try {
        document = await this.get(`${path}?${parameters.toString()}`);
      } catch (error) {
        if (error instanceof NoReply && error.reason === 'too-large' && limit > 1) {
          limit = Math.max(1, limit >> 2);
          continue;
        }
        if (!(error instanceof ApiFailure && error.status === 410 && token !== '' && restarts < MOST_RESTARTS)) throw error;
        restarts++;
        restarted = true;
        token = '';
        continue;
      }
      const items = (document as { items?: unknown }).items;
      yield { items: Array.isArray(items) ? items : [], restarted };
      restarted = false;
      token = textAt(document, 'metadata', 'continue');
      if (token === '') return;
    }
  }

  async #untilAnswered(question: Question): Promise<Reply> {
    for (let attempt = 1; ; attempt++) {
      try {
        const reply = await send(this.connection, question, this.#timeoutMs, this.#signal);
        if (reply.date !== undefined) this.skewMs = reply.date.getTime() - Date.now();
        const busy = reply.status === 429 || (reply.status >= 500 && question.method === 'GET');
        if (!busy || attempt >= this.#tries) return reply;
        await this.#pause(Math.min(reply.retryAfter ?? backoff(attempt), LONGEST_PAUSE));
      } catch (error) {
        // a change that may have arrived is not sent again
        const mayRepeat = error instanceof NoReply && error.reason === 'connection' && question.method === 'GET';
        if (!mayRepeat || attempt >= this.#tries || this.#signal?.aborted === true) throw error;
        await this.#pause(backoff(attempt));
      }
    }
  }

  async #pause(seconds: number): Promise<void> {
    await pause(seconds * 1000, undefined, this.#signal === undefined ? {} : { signal: this.#signal });
  }
}

/** Seconds: 0.2, 0.4, 0.8 … */
const backoff = (attempt: number): number => 0.1 * 2 ** attempt;
