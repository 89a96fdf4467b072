import type { RequestListener, Server } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Mtls, type MtlsAgent, type MtlsOptions, type ServerOptions } from '../src/index.js';
import type { Fields, Logger } from '../src/logger.js';
import { type Files, PORT, ProjectedFolder } from './_folder.js';
import { hostOf } from './_pki.js';

export interface Logged {
  readonly level: string;
  readonly event: string;
  readonly fields: Fields;
}

/** One process under test: its folder, its Mtls, and what it logged. Looks at its files only when told. */
export class Party {
  readonly folder: ProjectedFolder;
  readonly mtls: Mtls;
  readonly logged: Logged[];
  readonly #servers: Server[] = [];
  readonly #agents: MtlsAgent[] = [];

  static async open(files: Files, options: MtlsOptions = {}): Promise<Party> {
    const folder = new ProjectedFolder();
    folder.project(files);
    const logged: Logged[] = [];
    const logger: Logger = (level, event, fields) => logged.push({ level, event, fields });
    try {
      const mtls = await Mtls.open({
        env: {},
        watch: false,
        logger,
        ...folder.paths(),
        ...options,
        timings: { firstGenerationDeadlineMs: 0, ...options.timings },
      });
      return new Party(folder, mtls, logged);
    } catch (error) {
      folder.remove();
      throw error;
    }
  }

  private constructor(folder: ProjectedFolder, mtls: Mtls, logged: Logged[]) {
    this.folder = folder;
    this.mtls = mtls;
    this.logged = logged;
  }

  /** Replaces the files and looks at them. */
  async swap(files: Files): Promise<void> {
    this.folder.project(files);
    await this.mtls.refresh();
  }

  /** A server of HTTP/1 on a free port. */
  async serve(
    handler: RequestListener = answerOk,
    options: ServerOptions = { port: PORT },
  ): Promise<{ readonly port: number; readonly server: Server }> {
    const server = this.mtls.createHttpsServer(options, handler);
    this.#servers.push(server);
    return { port: await listen(server), server };
  }

  agentTo(port: number, options: Parameters<Mtls['agent']>[0] = {}): MtlsAgent {
    const agent = this.mtls.agent({ via: { host: '127.0.0.1', port }, ...options });
    this.#agents.push(agent);
    return agent;
  }

  /** Rows of a counter whose labels have these values, added up. */
  count(metric: string, labels: Readonly<Record<string, string>> = {}): number {
    const rows = this.mtls.metrics
      .text()
      .split('\n')
      .filter(line => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `));
    const wanted = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
    return rows.filter(row => wanted.every(label => row.includes(label))).reduce((sum, row) => sum + Number(row.split(' ').at(-1)), 0);
  }

  events(name: string): Logged[] {
    return this.logged.filter(({ event }) => event === name);
  }

  async close(): Promise<void> {
    for (const agent of this.#agents) agent.destroy();
    for (const server of this.#servers) {
      server.closeAllConnections();
      await new Promise<void>(resolve => server.close(() => resolve()));
    }
    this.mtls.close();
    this.folder.remove();
  }
}

export const answerOk: RequestListener = (_request, response) => {
  response.end('ok');
};

export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Port of the caller's end: the same port, the same connection. */
  readonly localPort: number;
}

/** One request through an agent. Rejects with the error of the connection. */
export function get(agent: MtlsAgent, service: string, options: RequestOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ host: hostOf(service), port: PORT, path: '/', agent, ...options }, response => {
      const localPort = response.socket.localPort ?? 0;
      let body = '';
      response.on('data', chunk => (body += String(chunk)));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers, localPort }));
      response.on('error', reject);
    });
    call.on('error', reject);
    call.end();
  });
}

/** Code of the error with which something fails. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'no error';
  } catch (error) {
    // not by instanceof: errors of Node's own modules are of another realm than jest's
    return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
  }
}

/** Waits for a condition, with a deadline. */
export async function until(condition: () => boolean, what: string, ms = 10_000): Promise<void> {
  const deadline = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited ${ms} ms for: ${what}`);
    await new Promise(resolve => setImmediate(resolve));
  }
}
