import { type Family, familyOf, isWholeFamily } from './addresses.js';
import type { Namespaces } from './namespaces.js';
import type { PodShape } from './pods.js';
import { DIRECTIONS, type Direction, type NetworkPolicy, type Peer } from './policy.js';
import { Ports, type Protocol } from './ports.js';
import { ShapeIndex } from './shape-index.js';
import type { Workload } from './workloads.js';

/** Pods that every policy treats alike: nothing is ever computed for one of them alone. */
export interface PodClass {
  readonly id: number;
  /** Indices of the policies that isolate it. */
  readonly isolatedBy: Readonly<Record<Direction, readonly number[]>>;
  /** Numbers of the peers that find it, over each family of addresses by which it may be reached. */
  readonly peers: ReadonlyMap<Family, readonly number[]>;
  /** What the names of ports in policies stand for here. */
  readonly named: ReadonlyMap<string, Ports>;
  readonly hostNetwork: boolean;
  readonly members: readonly Workload[];
}

export const portNameKey = (name: string, protocol: Protocol): string => `${name}/${protocol}`;

/** Peers that select the same have one number. */
export class PeerNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #known = new Map<Peer, number>();
  readonly peers: { readonly peer: Peer; readonly namespace: string }[] = [];

  of(peer: Peer, policy: NetworkPolicy): number {
    const known = this.#known.get(peer);
    if (known !== undefined) return known;
    const key = peerKey(peer, policy.namespace);
    const number = this.#numbers.get(key) ?? this.peers.push({ peer, namespace: policy.namespace }) - 1;
    this.#numbers.set(key, number);
    this.#known.set(peer, number);
    return number;
  }
}

/** Peers with one key find the same. */
export function peerKey(peer: Peer, policyNamespace: string): string {
  if (peer.kind === 'block') return `block ${peer.ranges.join(' ')}`;
  return `pods ${peer.namespaces === undefined ? `of ${policyNamespace}` : `where ${peer.namespaces.key}`}: ${peer.pods.key}`;
}

/** Sorts the pods of all workloads into classes. */
export function classify(
  workloads: readonly Workload[],
  policies: readonly NetworkPolicy[],
  numbers: PeerNumbers,
  namespaces: Namespaces,
): readonly PodClass[] {
  const index = new ShapeIndex(workloads, namespaces);
  const isolated = { ingress: lists(index.size), egress: lists(index.size) };
  for (const [number, policy] of policies.entries()) {
    const shapes = index.inNamespace(policy.namespace, policy.target);
    for (const direction of DIRECTIONS) if (policy.rules[direction]) for (const shape of shapes) isolated[direction][shape]?.push(number);
  }
  const selected = lists(index.size);
  for (const [number, { peer, namespace }] of numbers.peers.entries()) {
    if (peer.kind === 'block') continue;
    const shapes = peer.namespaces ? index.inNamespaces(peer.namespaces, peer.pods) : index.inNamespace(namespace, peer.pods);
    for (const shape of shapes) selected[shape]?.push(number);
  }
  const names = namesInPolicies(policies);
  const blocks = numbers.peers.flatMap(({ peer }, number) => (peer.kind === 'block' ? [{ peer, number }] : []));
  const classes = new Map<string, Omit<PodClass, 'members'> & { readonly members: Set<Workload> }>();
  for (const [position, { shape, workloads: members }] of index.shapes.entries()) {
    const isolatedBy = { ingress: isolated.ingress[position] ?? [], egress: isolated.egress[position] ?? [] };
    const peers = peersByFamily(shape, selected[position] ?? [], blocks);
    const named = namedPorts(shape, names);
    const key = classKey({ isolatedBy, peers, named, hostNetwork: shape.hostNetwork });
    const known = classes.get(key);
    if (known) for (const member of members) known.members.add(member);
    else classes.set(key, { id: classes.size, isolatedBy, peers, named, hostNetwork: shape.hostNetwork, members: new Set(members) });
  }
  return [...classes.values()].map(pods => ({ ...pods, members: [...pods.members] }));
}

function classKey({ isolatedBy, peers, named, hostNetwork }: Omit<PodClass, 'id' | 'members'>): string {
  const found = [...peers].map(([family, numbers]) => `${family}: ${numbers.join(' ')}`);
  const ports = [...named].map(([name, set]) => `${name} ${set}`);
  return [isolatedBy.ingress.join(' '), isolatedBy.egress.join(' '), found.join(', '), ports.join(', '), hostNetwork].join('; ');
}

const lists = (length: number): number[][] => Array.from({ length }, () => []);

const BOTH: readonly Family[] = [4, 6];

type BlockPeer = Extract<Peer, { kind: 'block' }>;

/** Selectors find a pod over either family; a block only where an address is known. */
function peersByFamily(
  shape: PodShape,
  selected: readonly number[],
  blocks: readonly { readonly peer: BlockPeer; readonly number: number }[],
): ReadonlyMap<Family, readonly number[]> {
  const families = shape.addresses.length === 0 ? BOTH : BOTH.filter(family => shape.addresses.some(at => familyOf(at) === family));
  return new Map(
    families.map(family => {
      const inside = blocks.filter(({ peer }) => isInside(shape, peer, family)).map(({ number }) => number);
      return [family, inside.length === 0 ? selected : [...selected, ...inside].sort((a, b) => a - b)] as const;
    }),
  );
}

function isInside(shape: PodShape, { ranges }: BlockPeer, family: Family): boolean {
  const inside = (address: bigint): boolean => ranges.some(([first, last]) => first <= address && address <= last);
  if (shape.addresses.length > 0) return shape.addresses.some(address => familyOf(address) === family && inside(address));
  // a node has some address, so a range that leaves nothing out holds it
  return shape.hostNetwork && ranges.some(range => isWholeFamily(range) && familyOf(range[0]) === family);
}

function namesInPolicies(policies: readonly NetworkPolicy[]): ReadonlyMap<string, { readonly name: string; readonly protocol: Protocol }> {
  const names = new Map<string, { readonly name: string; readonly protocol: Protocol }>();
  for (const { rules } of policies)
    for (const direction of DIRECTIONS)
      for (const { ports } of rules[direction] ?? [])
        for (const port of ports ?? []) if (port.kind === 'name') names.set(portNameKey(port.name, port.protocol), port);
  return names;
}

/** Name and protocol of a container port must both be those of the rule. */
function namedPorts(shape: PodShape, names: ReturnType<typeof namesInPolicies>): ReadonlyMap<string, Ports> {
  const named = new Map<string, Ports>();
  for (const { name, port, protocol } of shape.ports) {
    const key = name === undefined ? '' : portNameKey(name, protocol);
    if (names.has(key)) named.set(key, (named.get(key) ?? Ports.NONE).union(Ports.of(protocol, port)));
  }
  return new Map([...named].sort(([a], [b]) => (a < b ? -1 : 1)));
}
