import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Connection } from '../../../lib/cluster/read/index.js';
import { certificatePem, publicKeyOf, signCertificate, signerOf } from '../../../lib/pki/x509.js';
import { FAST_KEY, generatePrivateKey } from '../../../lib/pki/x509-keys.js';
import { x509Usages } from '../../../lib/pki/x509-usages.js';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server of HTTPS on loopback that answers as a test says, for answers that a real API server gives in bad hours only. */
export class StandInServer {
  readonly requests: string[] = [];

  static async start(handler: Handler): Promise<StandInServer> {
    const key = await generatePrivateKey(FAST_KEY);
    const certificate = await signCertificate(
      {
        subject: 'CN=stand-in',
        dnsNames: ['localhost'],
        ipAddresses: ['127.0.0.1'],
        uris: [],
        emailAddresses: [],
        isCa: true,
        ...x509Usages(['digital signature', 'cert sign'], true),
        notBefore: new Date(Date.now() - 60_000),
        notAfter: new Date(Date.now() + 3_600_000),
      },
      publicKeyOf(key),
      await signerOf(key, FAST_KEY),
    );
    const pem = certificatePem(certificate);
    const server = createServer({ cert: pem, key: key.export({ type: 'pkcs8', format: 'pem' }) });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return new StandInServer(server, pem, handler);
  }

  private constructor(
    private readonly server: Server,
    private readonly ca: string,
    handler: Handler,
  ) {
    server.on('request', (request, response) => {
      this.requests.push(`${request.method} ${request.url}`);
      handler(request, response);
    });
  }

  get connection(): Connection {
    const { port } = this.server.address() as AddressInfo;
    return {
      context: 'stand-in',
      server: new URL(`https://127.0.0.1:${port}`),
      namespace: 'default',
      credentials: async () => ({ ca: this.ca, headers: { authorization: 'Bearer secret-token' } }),
    };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }
}

export function answer(response: ServerResponse, status: number, document: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(document));
}
