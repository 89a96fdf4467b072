import { type AuthorizationContext, type Authorizer, judge } from './authorizer.js';

import type { Code } from './codes.js';
import type { safeLogger } from './logger.js';
import type { Metrics } from './metrics.js';
import { type Peer, peerName } from './peer.js';
import type { Decision, Mode } from './policy.js';
import type { MinVersion, Timings } from './settings.js';
import type { Source } from './source.js';

export type Side = 'server' | 'client';

/** What all parts of one process share. */
export interface Runtime {
  readonly source: Source;
  readonly metrics: Metrics;
  readonly log: ReturnType<typeof safeLogger>;
  readonly timings: Timings;
  readonly minVersion: MinVersion;
  readonly mode: Mode;
}

/** Where a decision was made, as labels of the metric and fields of the log. */
export interface Place {
  readonly side: Side;
  /** Number on the server side, host:port on the client side. */
  readonly port: string;
  readonly remote: string;
}

/** Asks an authorizer about a peer, and whether its certificate is valid this moment. */
export function decide(authorizer: Authorizer, peer: Peer, context: AuthorizationContext): Decision {
  const now = Date.now();
  if (peer.certificate && now >= peer.certificate.notAfter + 1000) return { decision: 'denied', code: 'peer-expired' };
  return judge(authorizer, peer, context);
}

/** Counts and logs the end of a handshake that TLS let through. */
export function reportDecision(runtime: Runtime, place: Place, peer: Peer, { decision, code }: Decision): void {
  const result = decision === 'allowed' ? 'accepted' : decision === 'audited' ? 'audited' : 'refused';
  runtime.metrics.add('sentinel_mtls_handshakes_total', [place.side, result, code]);
  if (code !== 'ok') reportDenial(runtime, place, peer, code, decision === 'denied');
}

/** Counts and logs a denial; in mode audit, what would have been one. */
export function reportDenial({ metrics, log, timings }: Runtime, place: Place, peer: Peer, code: Code, enforced: boolean): void {
  const name = peerName(peer);
  // a peer that has many identities must not fill the memory of whoever scrapes
  const label = metrics.size('sentinel_mtls_denials_total') >= timings.maxDenialSeries ? 'other' : name;
  metrics.add('sentinel_mtls_denials_total', [place.port, label, code, String(enforced)]);
  log(enforced ? 'peer-denied' : 'peer-audited', { side: place.side, port: place.port, code, peer: name, remote: place.remote });
}

/** Counts and logs a handshake that TLS itself refused. */
export function reportRefusal({ metrics, log }: Runtime, place: Place, code: Code, peer: Peer | undefined): void {
  metrics.add('sentinel_mtls_handshakes_total', [place.side, 'refused', code]);
  log('handshake-refused', {
    side: place.side,
    code,
    peer: peer ? peerName(peer) : 'none',
    remote: place.remote,
  });
}
