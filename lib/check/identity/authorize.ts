import type { PolicyServerPort } from '../../fleet/policy.js';

/** What a server port says of a caller whose certificate chain is in order. */
export type Judgement = { readonly allowed: boolean; readonly audited: boolean; readonly reason: string };

/**
 * Read from the form of policy.json alone, so that the handshakes, which run on the runtime's own code, are compared
 * with something else. An empty allow-list denies everybody; mode audit lets everybody through and counts.
 */
export function authorize(port: PolicyServerPort, peer: { readonly spiffeId: string } | { readonly problem: string }): Judgement {
  if (port.mode === 'disabled') return { allowed: false, audited: false, reason: 'the port has mode disabled in policy.json' };
  if ('spiffeId' in peer && port.allow.some(({ spiffeId, mode }) => spiffeId === peer.spiffeId && mode !== 'disabled'))
    return { allowed: true, audited: false, reason: `${peer.spiffeId} is in the allow-list of policy.json` };
  const reason = 'problem' in peer ? peer.problem : `${peer.spiffeId} is not in the allow-list of policy.json`;
  return { allowed: port.mode === 'audit', audited: port.mode === 'audit', reason };
}
