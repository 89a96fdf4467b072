import type { IncomingMessage } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http2';

/** Headers in which proxies hand on a client's identity. Ours comes from TLS, so these are a peer's own claim. */
const FORGEABLE =
  /^(?:x[-_]forwarded[-_]client[-_]cert|x[-_]client[-_]cert|x[-_]ssl[-_].*|ssl[-_]client[-_].*|x[-_](?:peer[-_])?spiffe[-_]id)$/i;

/** Only names with x or s at their start are worth the pattern: this runs for each header of each request. */
function isForgeable(name: string): boolean {
  const first = name.charCodeAt(0) | 0x20;
  return (first === 0x78 || first === 0x73) && FORGEABLE.test(name);
}

/** Removes them from a request of HTTP/1. */
export function stripHeaders(request: IncomingMessage): void {
  const { rawHeaders } = request;
  let found = false;
  for (let index = 0; index < rawHeaders.length; index += 2) if (isForgeable(rawHeaders[index] ?? '')) found = true;
  if (!found) return;
  // both are made from rawHeaders at their first use, so they come before it is cut
  for (const headers of [request.headers, request.headersDistinct]) {
    for (const name of Object.keys(headers)) if (isForgeable(name)) delete headers[name];
  }
  request.rawHeaders = withoutForged(rawHeaders);
}

/** Removes them from the headers of a stream of HTTP/2. */
export function stripStreamHeaders(headers: IncomingHttpHeaders, rawHeaders: string[]): void {
  let found = false;
  for (const name in headers) if (isForgeable(name)) found = true;
  if (!found) return;
  for (const name of Object.keys(headers)) if (isForgeable(name)) delete headers[name];
  rawHeaders.splice(0, rawHeaders.length, ...withoutForged(rawHeaders));
}

function withoutForged(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_text, index) => !isForgeable(rawHeaders[index - (index % 2)] ?? ''));
}
