import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { credentialsIn, identityOf, policy } from './credentials.js';

/** Ports without mutual TLS of the services of fleet.yaml: probes, and metrics for a Prometheus. */
const PLAIN_PORTS = [8080, 9090, 9100];

/**
 * A stand-in for a service that uses the project's runtime library: mutual TLS on each port of its allow-list, 403 for a
 * caller that is not on it. It reads its files once: nothing about renewal can be concluded from it.
 */
export function serve(): void {
  const { server, spiffeId } = policy();
  for (const { port, allow } of server) {
    const allowed = new Set(allow.map(each => each.spiffeId));
    const https = createServer(
      { ...credentialsIn(undefined), requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' },
      (request, response) => {
        const caller = identityOf((request.socket as TLSSocket).getPeerCertificate());
        const admitted = caller !== undefined && allowed.has(caller);
        response.writeHead(admitted ? 200 : 403, { 'content-type': 'application/json', connection: 'close' });
        response.end(JSON.stringify({ server: spiffeId, caller: caller ?? null, refusedBy: admitted ? null : 'identity' }));
      },
    );
    https.listen(port);
  }
  for (const port of PLAIN_PORTS) createPlainServer((_, response) => response.end('up 1\n')).listen(port);
  endOnTerm();
}

/** The first process of a container ends at SIGTERM only when it asks for it. */
export function endOnTerm(): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));
}
