import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

/** A line asks for targets like `TCP 198.18.16.5 80`, separated by commas; the answer is a line of `.` and `X` in the same order. */
export function probe(): void {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', async line => {
    const [timeout = '300', list = ''] = line.split(' ; ');
    const answers = await Promise.all(list.split(',').map(target => answersWithin(target, Number(timeout))));
    process.stdout.write(`${answers.map(yes => (yes ? '.' : 'X')).join('')}\n`);
  });
  lines.on('close', () => process.exit(0));
}

function answersWithin(target: string, timeoutMs: number): Promise<boolean> {
  const [protocol = '', host = '', port = ''] = target.split(' ');
  return protocol === 'TCP' ? tcp(host, Number(port), timeoutMs) : udp(host, Number(port), timeoutMs);
}

function tcp(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port });
    const end = (yes: boolean): void => {
      socket.destroy();
      resolve(yes);
    };
    socket.setTimeout(timeoutMs, () => end(false));
    socket.on('connect', () => end(true));
    socket.on('error', () => end(false));
  });
}

/** A datagram that comes back; sent three times, since one may be lost without any policy. */
function udp(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createSocket('udp4');
    const timers = [0, 1, 2].map(round => setTimeout(() => socket.send('here', port, host), (timeoutMs * round) / 3));
    const end = (yes: boolean): void => {
      for (const timer of timers) clearTimeout(timer);
      clearTimeout(deadline);
      socket.close();
      resolve(yes);
    };
    const deadline = setTimeout(() => end(false), timeoutMs);
    socket.on('message', () => end(true));
    socket.on('error', () => end(false));
  });
}
