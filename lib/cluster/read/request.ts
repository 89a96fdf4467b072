import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Connection } from './connection.js';

/** One question to the API server. */
export interface Question {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with query, from the server's root. */
  readonly path: string;
  readonly body?: unknown;
  /** @default application/json */
  readonly contentType?: string;
  /** The answer is a text, and the document a string: what a pod says through the proxy of the API server. */
  readonly isText?: boolean;
}

/** What came back: a status of HTTP and a document of JSON. */
export interface Reply {
  readonly status: number;
  readonly document: unknown;
  /** Seconds of Retry-After, where the server asks for patience. */
  readonly retryAfter: number | undefined;
  /** The server's clock. */
  readonly date: Date | undefined;
}

/** No answer of HTTP: the connection failed, took too long, or brought more than fits. */
export class NoReply extends Error {
  override readonly name = 'NoReply';

  constructor(
    readonly reason: 'connection' | 'timeout' | 'too-large' | 'no-json',
    message: string,
  ) {
    super(message);
  }
}

/** 64 MiB: some hundred of the largest objects that etcd takes; a list that is larger is asked for in smaller pages. */
export const LARGEST_REPLY = 64 * 1024 * 1024;

/** A mebibyte: who answers is a pod, and may be anybody's. */
export const LARGEST_TEXT = 1024 * 1024;

/** @throws NoReply */
export async function send(connection: Connection, question: Question, timeoutMs: number, signal?: AbortSignal): Promise<Reply> {
  const credentials = await connection.credentials();
  const text = question.body === undefined ? undefined : JSON.stringify(question.body);
  const headers = {
    ...credentials.headers,
    accept: question.isText === true ? 'text/plain' : 'application/json',
    'user-agent': 'sentinel-mtls',
    ...(text === undefined
      ? {}
      : { 'content-type': question.contentType ?? 'application/json', 'content-length': Buffer.byteLength(text) }),
  };
  // a base path of the server, as proxies of several clusters have it, stays in front
  const url = new URL(connection.server.pathname.replace(/\/$/, '') + question.path, connection.server);
  return new Promise((resolve, reject) => {
    const request = httpsRequest(url, { ...credentials, headers, method: question.method, ...(signal === undefined ? {} : { signal }) });
    // of the whole exchange: a server that sends one byte a minute would never be idle long enough
    const timer = setTimeout(() => request.destroy(new NoReply('timeout', `no answer within ${timeoutMs / 1000} s`)), timeoutMs);
    request.on('close', () => clearTimeout(timer));
    request.on('error', error => reject(error instanceof NoReply ? error : new NoReply('connection', error.message)));
    request.on('response', response => {
      collect(response, question.isText === true).then(
        document => resolve(replyOf(response, document)),
        (error: Error) => {
          reject(error instanceof NoReply ? error : new NoReply('connection', error.message));
          request.destroy();
        },
      );
    });
    request.end(text);
  });
}

async function collect(response: IncomingMessage, isText: boolean): Promise<unknown> {
  const chunks: Buffer[] = [];
  const most = isText ? LARGEST_TEXT : LARGEST_REPLY;
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > most) throw new NoReply('too-large', `the answer is larger than ${most / 1024 / 1024} MiB`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (isText && (response.statusCode ?? 0) < 400) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // an error page of a proxy; success without JSON is no API server
    if ((response.statusCode ?? 0) >= 400) return undefined;
    throw new NoReply('no-json', 'the answer is no JSON: is this the address of an API server?');
  }
}

function replyOf({ statusCode, headers }: IncomingMessage, document: unknown): Reply {
  const seconds = Number(headers['retry-after']);
  const date = new Date(headers.date ?? '');
  return {
    status: statusCode ?? 0,
    document,
    retryAfter: headers['retry-after'] !== undefined && Number.isFinite(seconds) ? seconds : undefined,
    date: Number.isNaN(date.getTime()) ? undefined : date,
  };
}
