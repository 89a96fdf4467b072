import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { endOnTerm } from './service.js';

/** Answers on ports like `TCP/80` and `UDP/81`, so that a target that can be reached always says something. */
export function listen(ports: readonly string[]): void {
  for (const text of ports) {
    const [protocol, port] = text.split('/');
    if (protocol === 'TCP') {
      createServer(socket => socket.on('error', () => undefined).end('here')).listen(Number(port));
    } else {
      const socket = createSocket('udp4');
      socket.on('message', (message, { address, port: from }) => socket.send(message, from, address));
      socket.bind(Number(port));
    }
  }
  endOnTerm();
}
