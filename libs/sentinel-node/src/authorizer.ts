import type { Generation } from './generation.js';
import { normalHost } from './host-name.js';
import type { Peer } from './peer.js';
import { ALLOWED, audited, type Decision, denied } from './policy.js';
import { parseSpiffeId, parseTrustDomain } from './spiffe-id.js';

/** Where a peer is judged. */
export interface AuthorizationContext {
  /** The generation that stands now. */
  readonly generation: Generation;
  /** Port that is served; undefined on the client side. */
  readonly port: number | undefined;
}

/** Judges a peer whose chain TLS has verified. There is no default: whoever admits anybody has to write so. */
export type Authorizer = (peer: Peer, context: AuthorizationContext) => Decision;

/** Admits whoever has a certificate of the trust set. */
export const authorizeAny = (): Authorizer => ANY;
const ANY: Authorizer = () => ALLOWED;

/** Whether an authorizer is `authorizeAny()`, which is worth a line in the log. */
export const isAuthorizeAny = (authorizer: Authorizer): boolean => authorizer === ANY;

/**
 * Admits exactly these SPIFFE IDs; none given: nobody.
 *
 * @throws TypeError when one is no SPIFFE ID
 */
export function authorizeSpiffeId(...ids: readonly string[]): Authorizer {
  for (const id of ids) if (!parseSpiffeId(id)) throw new TypeError(`${JSON.stringify(id)} is no SPIFFE ID`);
  const listed = new Set(ids);
  return byIdentity(({ spiffeId }) => listed.has(spiffeId));
}

/**
 * Admits every identity of a trust domain.
 *
 * @throws TypeError when it is none
 */
export function authorizeTrustDomain(trustDomain: string): Authorizer {
  const wanted = parseTrustDomain(trustDomain);
  if (wanted === undefined) throw new TypeError(`${JSON.stringify(trustDomain)} is no trust domain`);
  return byIdentity(identity => identity.trustDomain === wanted);
}

/** Admits a leaf that has one of these DNS names, written out: a wildcard in a certificate admits nobody. */
export function authorizeDnsName(...names: readonly string[]): Authorizer {
  const listed = new Set(names.map(normalHost).filter(name => name !== '' && !name.includes('*')));
  return ({ certificate }) => (certificate?.dnsNames.some(name => listed.has(normalHost(name))) ? ALLOWED : denied('peer-not-listed'));
}

/** Admits whom `policy.json` lists at a port; the port that is served unless another number is given. */
export function authorizePolicy(port?: number): Authorizer {
  return ({ identity }, { generation, port: served }) => {
    const number = port ?? served;
    return generation.policy && number !== undefined ? generation.policy.authorize(number, identity) : denied('port-not-declared');
  };
}

/** Admits whom all admit; the first denial counts. */
export function allOf(...authorizers: readonly Authorizer[]): Authorizer {
  return (peer, context) => {
    if (authorizers.length === 0) return denied('peer-not-listed');
    let sum = ALLOWED;
    for (const authorizer of authorizers) {
      const decision = judge(authorizer, peer, context);
      if (decision.decision === 'denied') return decision;
      if (decision.decision === 'audited' && sum.decision === 'allowed') sum = decision;
    }
    return sum;
  };
}

/** Admits whom one admits; allowed goes before audited, and of denials the last counts. */
export function anyOf(...authorizers: readonly Authorizer[]): Authorizer {
  return (peer, context) => {
    let last: Decision = denied('peer-not-listed');
    for (const authorizer of authorizers) {
      const decision = judge(authorizer, peer, context);
      if (decision.decision === 'allowed') return decision;
      if (last.decision === 'denied') last = decision;
    }
    return last;
  };
}

/** Asks an authorizer; one that throws, or answers nothing that is known, denies. */
export function judge(authorizer: Authorizer, peer: Peer, context: AuthorizationContext): Decision {
  try {
    const decision = authorizer(peer, context);
    const known = decision?.decision === 'allowed' || decision?.decision === 'audited' || decision?.decision === 'denied';
    return known ? decision : denied('authorizer-failed');
  } catch {
    return denied('authorizer-failed');
  }
}

/** Lets through whom an authorizer denies, and says so: mode audit without a policy. */
export function auditing(authorizer: Authorizer): Authorizer {
  return (peer, context) => {
    const decision = judge(authorizer, peer, context);
    return decision.decision === 'denied' ? audited(decision.code) : decision;
  };
}

/** Development: identity and root are one self-signed certificate, and only it is admitted (SPEC 4). */
export const developmentPin: Authorizer = ({ certificate }, { generation }) =>
  generation.isSelfRooted && certificate?.der.equals(generation.leaf.facts.der) ? ALLOWED : denied('peer-not-listed');

function byIdentity(admits: (identity: { readonly spiffeId: string; readonly trustDomain: string }) => boolean): Authorizer {
  return ({ identity }) => {
    if (!('spiffeId' in identity)) return denied(identity.code);
    return admits(identity) ? ALLOWED : denied('peer-not-listed');
  };
}
