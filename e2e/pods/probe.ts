import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

/** Reached, refused by the network, or neither within the time. */
type Answer = '.' | 'X' | '?';

/** A line asks for targets like `TCP 198.18.16.5 80`, separated by commas; the answer is a line with one sign for each. */
export function probe(): void {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', async line => {
    const [timeout = '5000', list = ''] = line.split(' ; ');
    const answers = await Promise.all(list.split(',').map(target => answerOf(target, Number(timeout))));
    process.stdout.write(`${answers.join('')}\n`);
  });
  lines.on('close', () => process.exit(0));
}

function answerOf(target: string, timeoutMs: number): Promise<Answer> {
  const [protocol = '', host = '', port = ''] = target.split(' ');
  return protocol === 'TCP' ? tcp(host, Number(port), timeoutMs) : udp(host, Number(port), timeoutMs);
}

/** What the network says of a packet that a policy prohibits; a port where nobody listens says ECONNREFUSED. */
const ofError = (error: NodeJS.ErrnoException): Answer => (error.code === 'EHOSTUNREACH' ? 'X' : '?');

function tcp(host: string, port: number, timeoutMs: number): Promise<Answer> {
  return new Promise(resolve => {
    const socket = connect({ host, port });
    const end = (answer: Answer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => end('?'));
    socket.on('connect', () => end('.'));
    socket.on('error', error => end(ofError(error)));
  });
}

/** A datagram that comes back; a connected socket hears what the network says about it. */
function udp(host: string, port: number, timeoutMs: number): Promise<Answer> {
  return new Promise(resolve => {
    const socket = createSocket('udp4');
    const end = (answer: Answer): void => {
      clearInterval(again);
      clearTimeout(deadline);
      socket.removeAllListeners('error').on('error', () => undefined);
      socket.close();
      resolve(answer);
    };
    const deadline = setTimeout(() => end('?'), timeoutMs);
    let again: NodeJS.Timeout | undefined;
    socket.on('error', error => end(ofError(error)));
    socket.on('message', () => end('.'));
    socket.connect(port, host, () => {
      socket.send('here');
      // a datagram may be lost without any policy
      again = setInterval(() => socket.send('here'), 500);
    });
  });
}
