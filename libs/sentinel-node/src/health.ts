import type { IncomingMessage, ServerResponse } from 'node:http';
import { iso } from './candidate.js';
import type { Metrics } from './metrics.js';
import type { Source } from './source.js';

/**
 * Answers `/healthz`, `/readyz` and `/metrics`; anything else with 404. For a plain port of its own, since neither the
 * kubelet nor a scraper without a certificate gets through the TLS port.
 *
 * @param source Undefined in mode disabled, which is always ready.
 */
export function healthHandler(source: Source | undefined, metrics: Metrics): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const path = (request.url ?? '/').split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'text/plain', '');
    if (path === '/healthz') return answer(response, 200, 'text/plain', 'ok\n');
    if (path === '/metrics')
      return answer(response, 200, 'text/plain; version=0.0.4; charset=utf-8', source?.metricsText() ?? metrics.text());
    if (path !== '/readyz') return answer(response, 404, 'text/plain', '');
    const { ready, reason } = source?.readiness() ?? { ready: true, reason: undefined };
    const generation = ready || reason !== 'no-generation' ? source?.current() : undefined;
    const body = {
      ready,
      reason: reason ?? null,
      generation: generation?.number ?? 0,
      notAfter: generation ? iso(generation.leaf.facts.notAfter) : null,
    };
    answer(response, ready ? 200 : 503, 'application/json', `${JSON.stringify(body)}\n`);
  };
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store' }).end(body);
}
