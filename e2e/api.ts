import { PassThrough } from 'node:stream';
import type { PortForward } from '@kubernetes/client-node';
import { ApiFailure, connect, type Question, Api as Server } from '../lib/cluster/read/index.js';
import type { Resource } from './kubectl.js';
import { KUBECONFIG } from './node/settings.js';

interface Answer {
  readonly status: number;
  readonly text: string;
}

const ANSWER_MS = 20_000;
const APPLY = 'application/apply-patch+yaml';
export const JSON_PATCH = 'application/json-patch+json';
export const MERGE_PATCH = 'application/merge-patch+json';

/**
 * The cluster's API in this process, as administrator: for what is asked again and again. On two cores a kubectl, or a
 * program in a pod, for each question takes more than the services under test do.
 */
export class Api {
  readonly #server: Server;
  readonly #forward: PortForward;

  static async open(): Promise<Api> {
    const { KubeConfig, PortForward } = await import('@kubernetes/client-node');
    const config = new KubeConfig();
    config.loadFromFile(KUBECONFIG);
    return new Api(new Server(await connect({ kubeconfig: KUBECONFIG })), new PortForward(config, false));
  }

  private constructor(server: Server, forward: PortForward) {
    this.#server = server;
    this.#forward = forward;
  }

  /** An object by its path, like `/api/v1/namespaces/x/secrets/y`; undefined when there is none. */
  get(path: string): Promise<Resource | undefined> {
    return this.#ask({ method: 'GET', path });
  }

  async list(path: string): Promise<Resource[]> {
    return (await this.#ask({ method: 'GET', path }))?.items ?? [];
  }

  /** Server-side apply. */
  async apply(path: string, object: object): Promise<void> {
    await this.patch(`${path}?fieldManager=e2e&force=true`, APPLY, object);
  }

  async patch(path: string, contentType: string, body: object): Promise<void> {
    if ((await this.#ask({ method: 'PATCH', path, contentType, body })) === undefined) throw new Error(`PATCH ${path}: there is none`);
  }

  /** Does not wait until it is gone. */
  async delete(path: string): Promise<void> {
    await this.#ask({ method: 'DELETE', path });
  }

  /** What a plain HTTP server on a pod's own loopback interface answers; nothing runs in the pod for it. */
  async ask(namespace: string, pod: string, port: number, path: string): Promise<Answer> {
    const [sent, received, errors] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const socket = (await this.#forward.portForward(namespace, pod, [port], received, errors, sent)) as WebSocket;
    const deadline = setTimeout(() => socket.close(), ANSWER_MS);
    try {
      const text = await new Promise<string>(resolve => {
        let all = '';
        const take = (part: Buffer): void => {
          all += part.toString('latin1');
          // the end of the connection itself is told a second later
          if (isWhole(all)) resolve(all);
        };
        received.on('data', take);
        errors.on('data', take);
        socket.addEventListener('close', () => resolve(all));
        sent.write(`GET ${path} HTTP/1.0\r\nhost: localhost\r\n\r\n`);
      });
      if (!isWhole(text)) throw new Error(`${namespace}/${pod} can't be asked for ${path}: ${text.trim().slice(-300) || 'no answer'}`);
      const body = text.slice(text.indexOf(END_OF_HEAD) + END_OF_HEAD.length);
      return { status: Number(STATUS.exec(text)?.[1]), text: Buffer.from(body, 'latin1').toString('utf8') };
    } finally {
      clearTimeout(deadline);
      sent.destroy();
      socket.close();
    }
  }

  async #ask(question: Question): Promise<Resource | undefined> {
    try {
      return (await this.#server.ask(question)) as Resource;
    } catch (error) {
      if (error instanceof ApiFailure && error.status === 404) return undefined;
      throw new Error(`${question.method} ${question.path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

const END_OF_HEAD = '\r\n\r\n';
const STATUS = /^HTTP\/1\.[01] (\d{3})/;

/** Of a response in latin1, so that a character is a byte. */
function isWhole(text: string): boolean {
  const [head = ''] = text.split(END_OF_HEAD, 1);
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  return STATUS.test(head) && length !== undefined && text.length >= head.length + END_OF_HEAD.length + Number(length);
}
