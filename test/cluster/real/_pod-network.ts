import { writeFileSync } from 'node:fs';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

/** Where an API server finds pods: it asks for an address with CONNECT (egress selector, HTTPConnect), and gets a port of loopback. */
export class PodNetwork {
  readonly #server: Server;
  readonly #ports = new Map<string, number>();
  readonly #sockets = new Set<Socket>();

  private constructor(private readonly folder: string) {
    this.#server = createServer(socket => this.#serve(socket));
  }

  static async start(folder: string): Promise<PodNetwork> {
    const network = new PodNetwork(folder);
    await new Promise<void>(resolve => network.#server.listen(join(folder, 'pods.sock'), resolve));
    return network;
  }

  /** Path of the configuration for --egress-selector-config-file. */
  configuration(): string {
    const connection = { proxyProtocol: 'HTTPConnect', transport: { uds: { udsName: join(this.folder, 'pods.sock') } } };
    const file = join(this.folder, 'egress.json');
    writeFileSync(
      file,
      JSON.stringify({
        apiVersion: 'apiserver.k8s.io/v1beta1',
        kind: 'EgressSelectorConfiguration',
        egressSelections: [{ name: 'cluster', connection }],
      }),
    );
    return file;
  }

  /** @param address IP address and port of a pod, as `10.1.0.1:9090` */
  route(address: string, port: number): void {
    this.#ports.set(address, port);
  }

  stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise(resolve => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
    let head = '';
    const read = (chunk: Buffer): void => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', read);
      const port = this.#ports.get(/^CONNECT (\S+)/.exec(head)?.[1] ?? '');
      if (port === undefined) {
        socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
        return;
      }
      const pod = dial(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(pod).pipe(socket);
      });
      this.#sockets.add(pod);
      pod.on('error', () => socket.destroy());
      pod.on('close', () => this.#sockets.delete(pod));
    };
    socket.on('data', read);
  }
}
