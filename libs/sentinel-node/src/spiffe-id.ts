/** A SPIFFE ID with its parts (SPIFFE-ID standard, section 2). */
export interface SpiffeId {
  readonly id: string;
  readonly trustDomain: string;
  /** Empty, or starts with a slash. */
  readonly path: string;
}

const SCHEME = 'spiffe://';
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;
const PATH = /^(?:\/[a-zA-Z0-9._-]+)*$/;
const DOT_SEGMENT = /\/\.{1,2}(?:\/|$)/;
/** 2048 bytes: what every implementation must take (SPIFFE-ID 2.3), and no more. */
const MAX_BYTES = 2048;

/** Parses strictly; undefined for whatever is no SPIFFE ID. A path may be missing: see `isWorkload`. */
export function parseSpiffeId(text: string): SpiffeId | undefined {
  if (!text.startsWith(SCHEME) || text.length > MAX_BYTES) return undefined;
  const slash = text.indexOf('/', SCHEME.length);
  const trustDomain = slash < 0 ? text.slice(SCHEME.length) : text.slice(SCHEME.length, slash);
  const path = slash < 0 ? '' : text.slice(slash);
  if (!TRUST_DOMAIN.test(trustDomain) || !PATH.test(path) || DOT_SEGMENT.test(path)) return undefined;
  return { id: text, trustDomain, path };
}

/** An ID without a path names a trust domain, not a workload (X509-SVID 5.2). */
export const isWorkload = (id: SpiffeId): boolean => id.path !== '';

/** A trust domain, given as itself or as any ID in it; undefined when it is neither. */
export function parseTrustDomain(text: string): string | undefined {
  if (text.includes('/')) return parseSpiffeId(text)?.trustDomain;
  return TRUST_DOMAIN.test(text) ? text : undefined;
}
