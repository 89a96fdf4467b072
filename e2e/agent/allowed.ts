import { type Peer, type Pod, type Policy, type PolicyPort, type Protocol, selects, type World } from './world.js';

/** Addresses of the other side: all, those of some pods, or a block without parts of it. */
export type Addresses =
  | { readonly any: true }
  | { readonly pods: readonly string[] }
  | { readonly cidr: string; readonly except: readonly string[] };

/** Ports of the destination; no ports: every protocol and port. */
export interface Ports {
  readonly protocol: Protocol;
  /** First and last; undefined: all ports of the protocol. */
  readonly range?: readonly [number, number];
}

/** Traffic with both is allowed. */
export interface Allowance {
  readonly addresses: Addresses;
  readonly ports?: Ports;
}

export type Direction = 'ingress' | 'egress';

/** What a pod may receive or send; undefined when no policy isolates it in this direction. The union over all policies that select it. */
export function allowancesOf(pod: Pod, direction: Direction, world: World): Allowance[] | undefined {
  const isolating = world.policies.filter(policy => selectsPod(policy, pod) && typesOf(policy).includes(direction));
  if (isolating.length === 0) return undefined;
  return isolating.flatMap(policy => {
    const rules = direction === 'ingress' ? (policy.spec.ingress ?? []) : (policy.spec.egress ?? []);
    return rules.flatMap(rule => {
      const peers = 'from' in rule ? rule.from : 'to' in rule ? rule.to : undefined;
      return allowancesOfRule(pod, direction, addressesOf(peers, policy, world), rule.ports, world);
    });
  });
}

const selectsPod = ({ namespace, spec }: Policy, pod: Pod): boolean =>
  namespace === pod.namespace && selects(spec.podSelector ?? {}, pod.labels);

/** Without policyTypes: always ingress, and egress when there are egress rules. */
function typesOf({ spec }: Policy): Direction[] {
  if (spec.policyTypes === undefined || spec.policyTypes.length === 0) {
    return (spec.egress ?? []).length > 0 ? ['ingress', 'egress'] : ['ingress'];
  }
  return spec.policyTypes.map(type => (type === 'Egress' ? 'egress' : 'ingress'));
}

/** A missing or empty list of peers is everybody. */
function addressesOf(peers: readonly Peer[] | undefined, policy: Policy, world: World): Addresses[] {
  if (peers === undefined || peers.length === 0) return [{ any: true }];
  return peers.map(({ ipBlock, podSelector, namespaceSelector }) => {
    if (ipBlock !== undefined) return { cidr: ipBlock.cidr, except: ipBlock.except ?? [] };
    const inNamespace = (namespace: string): boolean =>
      namespaceSelector === undefined ? namespace === policy.namespace : selects(namespaceSelector, world.namespaces.get(namespace) ?? {});
    return {
      pods: world.pods
        .filter(pod => inNamespace(pod.namespace) && (podSelector === undefined || selects(podSelector, pod.labels)))
        .map(pod => pod.ip),
    };
  });
}

function allowancesOfRule(
  pod: Pod,
  direction: Direction,
  peers: readonly Addresses[],
  ports: readonly PolicyPort[] | undefined,
  world: World,
): Allowance[] {
  if (ports === undefined || ports.length === 0) return peers.map(addresses => ({ addresses }));
  return peers.flatMap(addresses =>
    ports.flatMap(({ protocol = 'TCP', port, endPort }): Allowance[] => {
      if (port === undefined) return [{ addresses, ports: { protocol } }];
      if (typeof port === 'number') return [{ addresses, ports: { protocol, range: [port, endPort ?? port] } }];
      // a name means the port that the destination's containers give it
      const named = (of: Pod): number[] => of.ports.filter(each => each.name === port && each.protocol === protocol).map(each => each.port);
      if (direction === 'ingress') return named(pod).map(number => ({ addresses, ports: { protocol, range: [number, number] } }));
      return world.pods
        .filter(destination => includes(addresses, destination.ip))
        .flatMap(destination =>
          named(destination).map(number => ({ addresses: { pods: [destination.ip] }, ports: { protocol, range: [number, number] } })),
        );
    }),
  );
}

function includes(addresses: Addresses, ip: string): boolean {
  if ('any' in addresses) return true;
  if ('pods' in addresses) return addresses.pods.includes(ip);
  return inBlock(ip, addresses.cidr) && !addresses.except.some(part => inBlock(ip, part));
}

function inBlock(ip: string, cidr: string): boolean {
  const [base = '', length = '32'] = cidr.split('/');
  if (base.includes(':')) return false;
  const shift = 32 - Number(length);
  return shift >= 32 || numberOf(ip) >>> shift === numberOf(base) >>> shift;
}

const numberOf = (ip: string): number => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
