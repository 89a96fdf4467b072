/** A SPIFFE ID that was parsed, with its parts. Source: SPIFFE-ID standard, sections 2 and 2.4. */
export interface SpiffeId {
  readonly id: string;
  readonly trustDomain: string;
  /** Empty, or starts with a slash. */
  readonly path: string;
}

const SCHEME = 'spiffe://';
const TRUST_DOMAIN = /^[a-z0-9._-]+$/;
const PATH_SEGMENT = /^[a-zA-Z0-9._-]+$/;

/** 2048 bytes is the longest ID that every implementation must take (SPIFFE-ID 2.3). */
const MAX_ID_BYTES = 2048;
/** 255 bytes: SPIFFE-ID 2.1. */
const MAX_TRUST_DOMAIN_BYTES = 255;

/** Why a text is no trust domain, or undefined when it is one. */
export function trustDomainProblem(text: string): string | undefined {
  if (text === '') return 'trust domain is missing';
  if (text.length > MAX_TRUST_DOMAIN_BYTES) return `trust domain has more than ${MAX_TRUST_DOMAIN_BYTES} bytes`;
  if (!TRUST_DOMAIN.test(text)) return 'trust domain may hold lower-case letters, digits, dots, dashes and underscores only';
  return undefined;
}

function pathProblem(path: string): string | undefined {
  for (const segment of path.slice(1).split('/')) {
    if (segment === '') return 'path has an empty segment or a trailing slash';
    if (segment === '.' || segment === '..') return 'path has a dot segment';
    if (!PATH_SEGMENT.test(segment)) return 'path segments may hold letters, digits, dots, dashes and underscores only';
  }
  return undefined;
}

/** Parses strictly: no upper-case scheme or trust domain, no port, query, fragment, percent sign or trailing slash. */
export function parseSpiffeId(text: string): SpiffeId | { readonly problem: string } {
  if (text === '') return { problem: 'cannot be empty' };
  if (!text.startsWith(SCHEME)) return { problem: 'must start with spiffe://' };
  if (text.length > MAX_ID_BYTES) return { problem: `has more than ${MAX_ID_BYTES} bytes` };
  const slash = text.indexOf('/', SCHEME.length);
  const trustDomain = slash < 0 ? text.slice(SCHEME.length) : text.slice(SCHEME.length, slash);
  const path = slash < 0 ? '' : text.slice(slash);
  const problem = trustDomainProblem(trustDomain) ?? (path === '' ? undefined : pathProblem(path));
  return problem === undefined ? { id: text, trustDomain, path } : { problem };
}
