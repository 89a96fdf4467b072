import { Addresses, type AddressRange } from './addresses.js';
import type { ClassRules } from './class-rules.js';
import type { PeerNumbers } from './classes.js';
import { Ports } from './ports.js';

/** Addresses outside of the cluster with one set of ports. */
export interface OutsideConnection {
  readonly addresses: Addresses;
  readonly ports: Ports;
}

/**
 * What rules open to addresses outside, as sets that are apart from each other. A name of a port means nothing there,
 * since no container says what it stands for.
 */
export function outsideOf(rules: readonly ClassRules[], numbers: PeerNumbers): readonly OutsideConnection[] {
  const open = rules.flatMap(({ everybody, byPeer }): { ranges: readonly AddressRange[]; ports: Ports }[] => [
    { ranges: Addresses.ALL.ranges, ports: everybody.numbers },
    ...[...byPeer].flatMap(([number, { numbers: ports }]) => {
      const peer = numbers.peers[number]?.peer;
      return peer?.kind === 'block' ? [{ ranges: peer.ranges, ports }] : [];
    }),
  ]);
  return partition(open.filter(({ ports, ranges }) => !ports.isEmpty && ranges.length > 0));
}

function partition(open: readonly { readonly ranges: readonly AddressRange[]; readonly ports: Ports }[]): readonly OutsideConnection[] {
  const starts = new Set(open.flatMap(({ ranges }) => ranges.flatMap(([first, last]) => [first, last + 1n])));
  const sorted = [...starts].sort((a, b) => (a < b ? -1 : 1));
  const byPorts = new Map<string, { ranges: AddressRange[]; ports: Ports }>();
  for (const [index, first] of sorted.entries()) {
    const next = sorted[index + 1];
    if (next === undefined) break;
    const here = open.filter(({ ranges }) => ranges.some(range => range[0] <= first && first <= range[1]));
    const ports = Ports.union(here.map(entry => entry.ports));
    if (ports.isEmpty) continue;
    const key = ports.toString();
    const known = byPorts.get(key);
    if (known) known.ranges.push([first, next - 1n]);
    else byPorts.set(key, { ranges: [[first, next - 1n]], ports });
  }
  return [...byPorts.values()].map(({ ranges, ports }) => ({ addresses: Addresses.of(ranges), ports }));
}
