import { type PeerNumbers, type PodClass, portNameKey } from './classes.js';
import type { Direction, NetworkPolicy, Peer, Rule, RulePort } from './policy.js';
import type { Protocol } from './ports.js';

/** Pods of one class, or an address outside of the cluster. */
export type End = PodClass | { readonly address: bigint };

/** What the policies of one end say of a connection. */
export interface Side {
  readonly direction: Direction;
  /** Policies that isolate the end in this direction; none: everything goes. */
  readonly isolatedBy: readonly NetworkPolicy[];
  readonly allowedBy: readonly Allowance[];
  /** Rules that come near: the right peer at another port, or the right port for another peer. */
  readonly nearly: readonly Near[];
}

/** The part of a rule that lets a connection through; without `peer` every peer does, without `port` every port. */
export interface Allowance {
  readonly policy: NetworkPolicy;
  readonly rule: Rule;
  readonly peer: Peer | undefined;
  readonly port: RulePort | undefined;
}

export interface Near {
  readonly policy: NetworkPolicy;
  readonly rule: Rule;
  readonly differs: 'ports' | 'peers';
}

export const isOpen = ({ isolatedBy, allowedBy }: Side): boolean => isolatedBy.length === 0 || allowedBy.length > 0;

export interface Question {
  readonly from: End;
  readonly to: End;
  readonly protocol: Protocol;
  readonly port: number;
}

/** Walks through every rule that has a say in one direction of a connection. */
export function sideOf(
  direction: Direction,
  { from, to, protocol, port }: Question,
  policies: readonly NetworkPolicy[],
  numbers: PeerNumbers,
): Side {
  const [subject, other] = direction === 'egress' ? [from, to] : [to, from];
  if ('address' in subject) return { direction, isolatedBy: [], allowedBy: [], nearly: [] };
  const isolatedBy = subject.isolatedBy[direction].flatMap(index => policies[index] ?? []);
  const allowedBy: Allowance[] = [];
  const nearly: Near[] = [];
  for (const policy of isolatedBy) {
    for (const rule of policy.rules[direction] ?? []) {
      const peers = rule.peers === undefined ? [undefined] : rule.peers.filter(peer => finds(peer, policy, other, numbers));
      const ports = rule.ports === undefined ? [undefined] : rule.ports.filter(entry => opens(entry, to, protocol, port));
      for (const peer of peers) for (const entry of ports) allowedBy.push({ policy, rule, peer, port: entry });
      if (peers.length > 0 && ports.length === 0) nearly.push({ policy, rule, differs: 'ports' });
      if (peers.length === 0 && ports.length > 0) nearly.push({ policy, rule, differs: 'peers' });
    }
  }
  return { direction, isolatedBy, allowedBy, nearly };
}

function finds(peer: Peer, policy: NetworkPolicy, end: End, numbers: PeerNumbers): boolean {
  if ('address' in end) return peer.kind === 'block' && peer.ranges.some(([first, last]) => first <= end.address && end.address <= last);
  const number = numbers.of(peer, policy);
  return [...end.peers.values()].some(found => found.includes(number));
}

function opens(entry: RulePort, destination: End, protocol: Protocol, port: number): boolean {
  if (entry.kind === 'numbers') return entry.ports.has(protocol, port);
  if ('address' in destination || entry.protocol !== protocol) return false;
  return destination.named.get(portNameKey(entry.name, protocol))?.has(protocol, port) ?? false;
}
