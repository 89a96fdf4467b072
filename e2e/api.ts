import { Agent, request } from 'node:https';
import { PassThrough } from 'node:stream';
import type { KubeConfig, PortForward } from '@kubernetes/client-node';
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
  readonly #config: KubeConfig;
  readonly #forward: PortForward;
  readonly #agent: Agent;

  static async open(): Promise<Api> {
    const { KubeConfig, PortForward } = await import('@kubernetes/client-node');
    const config = new KubeConfig();
    config.loadFromFile(KUBECONFIG);
    const options = {};
    await config.applyToHTTPSOptions(options);
    return new Api(config, new PortForward(config, false), new Agent({ ...options, keepAlive: true }));
  }

  private constructor(config: KubeConfig, forward: PortForward, agent: Agent) {
    this.#config = config;
    this.#forward = forward;
    this.#agent = agent;
  }

  close(): void {
    this.#agent.destroy();
  }

  /** An object by its path, like `/api/v1/namespaces/x/secrets/y`; undefined when there is none. */
  async get(path: string): Promise<Resource | undefined> {
    const answer = await this.#send('GET', path);
    return answer.status === 404 ? undefined : parsed('GET', path, answer);
  }

  async list(path: string): Promise<Resource[]> {
    return parsed('GET', path, await this.#send('GET', path)).items;
  }

  /** Server-side apply. */
  apply(path: string, object: object): Promise<Resource> {
    return this.patch(`${path}?fieldManager=e2e&force=true`, APPLY, object);
  }

  async patch(path: string, type: string, body: object): Promise<Resource> {
    return parsed('PATCH', path, await this.#send('PATCH', path, { type, text: JSON.stringify(body) }));
  }

  /** Does not wait until it is gone. */
  async delete(path: string): Promise<void> {
    const answer = await this.#send('DELETE', path);
    if (answer.status !== 404) parsed('DELETE', path, answer);
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

  #send(method: string, path: string, body?: { readonly type: string; readonly text: string }): Promise<Answer> {
    const server = this.#config.getCurrentCluster()?.server ?? '';
    return new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': body.type, 'content-length': Buffer.byteLength(body.text) };
      const sent = request(new URL(path, server), { method, headers, agent: this.#agent, timeout: ANSWER_MS }, response => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', part => {
          text += part;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
      });
      sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer in ${ANSWER_MS} ms`)));
      sent.on('error', reject);
      sent.end(body?.text);
    });
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

function parsed(method: string, path: string, { status, text }: Answer): Resource {
  if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${text.trim().slice(0, 500)}`);
  return JSON.parse(text) as Resource;
}
