import { connect as connectPlain } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { type Credentials, credentialsIn, identityOf } from './credentials.js';

/** How far a call came, and so which layer ended it: `answered` is the only success. */
export interface CallOutcome {
  readonly outcome: 'answered' | 'no name' | 'no connection' | 'no answer' | 'closed' | 'handshake' | 'wrong server' | 'refused';
  readonly detail: string;
}

const CONNECT_MS = 10_000;
const ANSWER_MS = 10_000;

/**
 * `call HOST PORT [--server-id SPIFFE_ID] [--folder FOLDER] [--no-certificate] [--plain]`: one request with the pod's own
 * certificate, or with that of a folder, or without. Prints one line of JSON. What the network prohibits is
 * `no connection`; a port where nobody listens is `closed`.
 */
export async function call([host = '', port = '', ...options]: readonly string[]): Promise<void> {
  const value = (name: string): string | undefined => (options.includes(name) ? options[options.indexOf(name) + 1] : undefined);
  const outcome = options.includes('--plain')
    ? await open(host, Number(port))
    : await request(host, Number(port), value('--server-id'), credentials(value('--folder'), options.includes('--no-certificate')));
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}

function credentials(folder: string | undefined, none: boolean): Credentials | Pick<Credentials, 'ca'> {
  const all = credentialsIn(folder);
  return none ? { ca: all.ca } : all;
}

/** A TCP connection and nothing more. */
function open(host: string, port: number): Promise<CallOutcome> {
  return new Promise(resolve => {
    const socket = connectPlain({ host, port });
    const end = (outcome: CallOutcome['outcome'], detail: string): void => {
      socket.destroy();
      resolve({ outcome, detail });
    };
    socket.setTimeout(CONNECT_MS, () => end('no answer', `no answer in ${CONNECT_MS} ms`));
    socket.on('connect', () => end('answered', 'connected'));
    socket.on('error', error => end(...ofError(error)));
  });
}

function request(host: string, port: number, serverId: string | undefined, own: object): Promise<CallOutcome> {
  return new Promise(resolve => {
    let connected = false;
    let answer = '';
    const socket: TLSSocket = connect({ host, port, servername: host, minVersion: 'TLSv1.2', ...own });
    const end = (outcome: CallOutcome['outcome'], detail: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ outcome, detail });
    };
    let timer = setTimeout(() => end('no answer', `no answer in ${CONNECT_MS} ms`), CONNECT_MS);
    socket.on('connect', () => {
      connected = true;
      clearTimeout(timer);
      timer = setTimeout(() => end('no answer', `no answer in ${ANSWER_MS} ms`), ANSWER_MS);
    });
    socket.on('secureConnect', () => {
      const identity = identityOf(socket.getPeerCertificate());
      if (serverId !== undefined && identity !== serverId) return end('wrong server', `it is ${identity ?? 'nobody'}`);
      socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    });
    socket.on('data', bytes => {
      answer += bytes.toString('latin1');
    });
    socket.on('end', () => {
      const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1];
      if (status === undefined) return end('handshake', 'closed without an answer');
      end(
        status === '200' ? 'answered' : 'refused',
        `${status} ${answer
          .slice(answer.indexOf('\r\n\r\n') + 4)
          .trim()
          .slice(0, 300)}`,
      );
    });
    // a server that speaks TLS 1.3 refuses a certificate after the client has finished its part
    socket.on('error', error => (connected ? end('handshake', codeOf(error)) : end(...ofError(error))));
  });
}

function ofError(error: NodeJS.ErrnoException): [CallOutcome['outcome'], string] {
  const code = codeOf(error);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return ['no name', code];
  if (code === 'ECONNREFUSED') return ['closed', code];
  return [code === 'EHOSTUNREACH' ? 'no connection' : 'no answer', code];
}

const codeOf = (error: NodeJS.ErrnoException): string => error.code ?? error.message;
