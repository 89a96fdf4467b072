import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { credentialsIn, identityOf, policy, type ServerPort } from './credentials.js';

/** Ports without mutual TLS of the services of fleet.yaml: probes, and metrics for a Prometheus. */
const PLAIN_PORTS = [8080, 9090, 9100];
/** Those that carry mutual TLS, where it is on. */
const TLS_PORTS = [8000, 8001, 50051];

/**
 * A stand-in for a service that uses the project's runtime library: mutual TLS on each port of its allow-list, 403 for a
 * caller that is not on it (mode audit lets it through), and a plain port where the list has one. Without mutual TLS its ports
 * are plain. It reads its files once: nothing about renewal can be concluded from it.
 */
export function serve(): void {
  if (process.env.MTLS_ENABLED === 'true') {
    const { server, spiffeId } = policy();
    for (const each of server) serveTls(each, spiffeId);
    for (const { plainPort } of server) if (plainPort !== undefined) servePlain(plainPort);
  } else {
    for (const port of TLS_PORTS) servePlain(port);
  }
  for (const port of PLAIN_PORTS) servePlain(port);
  endOnTerm();
}

function serveTls({ port, mode, allow }: ServerPort, spiffeId: string): void {
  const allowed = new Set(allow.map(each => each.spiffeId));
  const options = { ...credentialsIn(undefined), requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' as const };
  createServer(options, (request, response) => {
    const caller = identityOf((request.socket as TLSSocket).getPeerCertificate());
    const admitted = mode === 'audit' || (caller !== undefined && allowed.has(caller));
    response.writeHead(admitted ? 200 : 403, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify({ server: spiffeId, caller: caller ?? null, refusedBy: admitted ? null : 'identity' }));
  }).listen(port);
}

const servePlain = (port: number): unknown => createPlainServer((_, response) => response.end('up 1\n')).listen(port);

/** The first process of a container ends at SIGTERM only when it asks for it. */
export function endOnTerm(): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));
}
