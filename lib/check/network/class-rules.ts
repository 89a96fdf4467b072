import { type PeerNumbers, type PodClass, portNameKey } from './classes.js';
import type { Direction, NetworkPolicy, RulePort } from './policy.js';
import { Ports } from './ports.js';

/** What a direction of a class lets through: numbers at once, names when the destination is known. */
export interface OpenPorts {
  readonly numbers: Ports;
  /** `name/protocol`; empty for ingress, where the destination is the class itself. */
  readonly names: ReadonlySet<string>;
}

/** The rules of all policies that isolate a class in one direction, added up. */
export interface ClassRules {
  readonly isolated: boolean;
  /** To or from everybody, in the cluster and outside. */
  readonly everybody: OpenPorts;
  /** By number of peer. */
  readonly byPeer: ReadonlyMap<number, OpenPorts>;
}

const NOTHING: OpenPorts = { numbers: Ports.NONE, names: new Set() };
const OPEN: ClassRules = { isolated: false, everybody: { numbers: Ports.ALL, names: new Set() }, byPeer: new Map() };

export function rulesOf(pods: PodClass, direction: Direction, policies: readonly NetworkPolicy[], numbers: PeerNumbers): ClassRules {
  const isolating = pods.isolatedBy[direction];
  if (isolating.length === 0) return OPEN;
  let everybody = NOTHING;
  const byPeer = new Map<number, OpenPorts>();
  for (const index of isolating) {
    const policy = policies[index];
    for (const rule of policy?.rules[direction] ?? []) {
      const open = openPorts(rule.ports, direction === 'ingress' ? pods : undefined);
      if (rule.peers === undefined) everybody = join(everybody, open);
      else if (policy)
        for (const peer of rule.peers) {
          const number = numbers.of(peer, policy);
          byPeer.set(number, join(byPeer.get(number) ?? NOTHING, open));
        }
    }
  }
  return { isolated: true, everybody, byPeer };
}

/** The ports of a rule at a destination; without one, names stay names. */
function openPorts(ports: readonly RulePort[] | undefined, destination: PodClass | undefined): OpenPorts {
  if (ports === undefined) return { numbers: Ports.ALL, names: new Set() };
  const numbers = Ports.union(ports.flatMap(port => (port.kind === 'numbers' ? [port.ports] : [])));
  const names = new Set(ports.flatMap(port => (port.kind === 'name' ? [portNameKey(port.name, port.protocol)] : [])));
  return destination ? { numbers: resolve({ numbers, names }, destination), names: new Set() } : { numbers, names };
}

export function resolve({ numbers, names }: OpenPorts, destination: PodClass): Ports {
  let ports = numbers;
  for (const name of names) ports = ports.union(destination.named.get(name) ?? Ports.NONE);
  return ports;
}

function join(a: OpenPorts, b: OpenPorts): OpenPorts {
  const names = b.names.size === 0 ? a.names : a.names.size === 0 ? b.names : new Set([...a.names, ...b.names]);
  return { numbers: a.numbers.union(b.numbers), names };
}
