import { createServer } from 'node:http';
import { type Mtls, openMtls, peerOfRequest } from '../../libs/sentinel-node/src/index.js';
import { serveControl } from './control.js';

/** Ports without mutual TLS of the services of fleet.yaml: probes, and metrics for a Prometheus. */
const PLAIN_PORTS = [8080, 9090, 9100];
/** Those that carry mutual TLS, where it is on. */
const TLS_PORTS = [8000, 8001, 50051];

/**
 * What a service does, on the project's own runtime library: mutual TLS on each port of its policy, the library's answers to
 * probes and scrapes, and calls to others when a test asks for load. It answers a request with its name and its caller's.
 */
export async function serve(): Promise<void> {
  const mtls = await openMtls();
  if (mtls.mode === 'disabled') for (const port of TLS_PORTS) servePlain(port);
  else await serveTls(mtls);
  // in other fleets one of these may carry mutual TLS
  const taken = mtls.mode === 'disabled' ? [] : (mtls.current().policy?.policy.server ?? []).map(({ port }) => port);
  for (const port of PLAIN_PORTS) if (!taken.includes(port)) createServer(mtls.healthHandler()).listen(port);
  serveControl(mtls);
  hold(Number(process.env.E2E_HELD_MEBIBYTES ?? 0));
  endOnTerm();
}

/** Memory that a test wants to see counted. */
function hold(mebibytes: number): void {
  const held = Buffer.alloc(mebibytes * 1024 * 1024, 1);
  setInterval(() => held.at(0), 3_600_000).unref();
}

async function serveTls(mtls: Mtls): Promise<void> {
  const { policy, spiffeId } = mtls.current();
  for (const { port } of policy?.policy.server ?? []) {
    await mtls.serveHttps({ port }, (request, response) => {
      const identity = peerOfRequest(request)?.identity;
      const caller = identity && 'spiffeId' in identity ? identity.spiffeId : null;
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ server: spiffeId, caller }));
    });
  }
}

const servePlain = (port: number): unknown => createServer((_, response) => response.end('up 1\n')).listen(port);

/** The first process of a container ends at SIGTERM only when it asks for it. */
export function endOnTerm(): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));
}
