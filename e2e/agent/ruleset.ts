import { POD_BRIDGE } from '../node/settings.js';
import { type Addresses, type Allowance, allowancesOf, type Direction, type Ports } from './allowed.js';
import type { Pod, World } from './world.js';

export const TABLE = 'e2e_policy';

/** The caller is told: a test need not guess from silence, and a port where nobody listens answers differently. */
const REFUSE = 'reject with icmpx admin-prohibited';

/**
 * The whole ruleset as one nftables transaction that replaces the former one. Two base chains look at each packet, first for
 * its source and then for its destination: `accept` ends one of them, `reject` both. Packets of connections that were allowed
 * pass, and packets between a pod and itself. An address in `podRange` that belongs to no known pod gets silence both
 * ways: a pod that has just started is unreachable until its policies are in force, and its own first packets are sent again.
 */
export function rulesetOf(world: World, podRange: string): string {
  const known = world.pods.map(pod => pod.ip);
  const isolated = (direction: Direction): [Pod, Allowance[]][] =>
    world.pods.flatMap(pod => {
      const allowances = allowancesOf(pod, direction, world);
      return allowances === undefined ? [] : [[pod, allowances]];
    });
  const [egress, ingress] = [isolated('egress'), isolated('ingress')];
  return `table inet ${TABLE}
delete table inet ${TABLE}
table inet ${TABLE} {
  set known { type ipv4_addr; ${known.length === 0 ? '' : `elements = { ${[...new Set(known)].join(', ')} };`} }
${egress.map(([pod, allowances]) => podChain('egress', pod, allowances)).join('')}${ingress.map(([pod, allowances]) => podChain('ingress', pod, allowances)).join('')}  chain egress {
    meta nfproto ipv6 drop
    ct state established,related accept
${dispatch('egress', egress)}    ip saddr ${podRange} ip saddr != @known counter drop
  }
  chain ingress {
    ct state established,related accept
${dispatch('ingress', ingress)}    ip daddr ${podRange} ip daddr != @known counter drop
  }
  chain forwarded_by_source { type filter hook forward priority 0; policy accept; jump egress; }
  chain forwarded_to_destination { type filter hook forward priority 1; policy accept; jump ingress; }
  chain to_node { type filter hook input priority 0; policy accept; iifname "${POD_BRIDGE}" jump egress; }
}
`;
}

const chainName = (direction: Direction, pod: Pod): string => `${direction}_${pod.ip.replaceAll('.', '_')}`;

function dispatch(direction: Direction, pods: readonly [Pod, Allowance[]][]): string {
  if (pods.length === 0) return '';
  const field = direction === 'egress' ? 'saddr' : 'daddr';
  return `    ip ${field} vmap { ${pods.map(([pod]) => `${pod.ip} : jump ${chainName(direction, pod)}`).join(', ')} }\n`;
}

function podChain(direction: Direction, pod: Pod, allowances: readonly Allowance[]): string {
  const other = direction === 'egress' ? 'daddr' : 'saddr';
  const matches = [`ip ${other} ${pod.ip}`, ...allowances.map(allowance => matchOf(allowance, other)).filter(match => match !== undefined)];
  return `  chain ${chainName(direction, pod)} { # ${pod.namespace}/${pod.name}
${[...new Set(matches)].map(match => `    ${match} accept\n`).join('')}    counter ${REFUSE}
  }
`;
}

/** Undefined where nothing can match: pods of which there are none, or a block of IPv6. */
function matchOf({ addresses, ports }: Allowance, field: string): string | undefined {
  const from = addressMatch(addresses, field);
  return from === undefined ? undefined : [from, ports === undefined ? '' : portMatch(ports)].filter(Boolean).join(' ');
}

function addressMatch(addresses: Addresses, field: string): string | undefined {
  if ('any' in addresses) return '';
  if ('pods' in addresses)
    return addresses.pods.length === 0 ? undefined : `ip ${field} { ${[...new Set(addresses.pods)].sort().join(', ')} }`;
  if (addresses.cidr.includes(':')) return undefined;
  const except = addresses.except.filter(part => !part.includes(':')).map(part => ` ip ${field} != ${part}`);
  // nft takes a block of all addresses for no match at all
  return `${addresses.cidr.endsWith('/0') ? '' : `ip ${field} ${addresses.cidr}`}${except.join('')}`.trim();
}

function portMatch({ protocol, range }: Ports): string {
  const name = protocol.toLowerCase();
  if (range === undefined) return `meta l4proto ${name}`;
  return range[0] === range[1] ? `${name} dport ${range[0]}` : `${name} dport ${range[0]}-${range[1]}`;
}
