import { BlockList, isIPv4 } from 'node:net';

/**
 * Whether NetworkPolicies let one packet open a connection, written from the text of the Kubernetes API alone and
 * without a look at lib/: pod by pod, packet by packet, with no set, no class and no interval.
 */

type Labels = Readonly<Record<string, string>>;

export interface BrutePod {
  readonly namespace: string;
  readonly labels: Labels;
  readonly ports: readonly { readonly name?: string; readonly containerPort: number; readonly protocol?: string }[];
  readonly hostNetwork: boolean;
  readonly ips: readonly string[];
}

/** A pod, or an address outside of the cluster. */
export type Endpoint = BrutePod | { readonly ip: string };

export interface BruteWorld {
  /** Labels of Namespace objects. */
  readonly namespaces: Readonly<Record<string, Labels>>;
  // biome-ignore lint/suspicious/noExplicitAny: policies as they are in YAML
  readonly policies: readonly any[];
}

export interface Packet {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly protocol: string;
  readonly port: number;
}

// biome-ignore lint/suspicious/noExplicitAny: rules, peers and ports as they are in YAML
type Yaml = any;
type Family = 4 | 6;

const isPod = (endpoint: Endpoint): endpoint is BrutePod => 'namespace' in endpoint;

/** Over IPv4 or over IPv6: a connection has one address at each end, both of one family. */
export function allows(world: BruteWorld, packet: Packet): boolean {
  return ([4, 6] as const).some(
    family =>
      speaks(packet.from, family) &&
      speaks(packet.to, family) &&
      oneWay(world, packet, family, 'Egress') &&
      oneWay(world, packet, family, 'Ingress'),
  );
}

function speaks(endpoint: Endpoint, family: Family): boolean {
  const ips = isPod(endpoint) ? endpoint.ips : [endpoint.ip];
  return ips.length === 0 || ips.some(ip => isIPv4(ip) === (family === 4));
}

/** "For a connection from a source pod to a destination pod to be allowed, both the egress policy on the source pod and the ingress policy on the destination pod need to allow the connection." */
function oneWay(world: BruteWorld, packet: Packet, family: Family, type: 'Egress' | 'Ingress'): boolean {
  const [subject, other] = type === 'Egress' ? [packet.from, packet.to] : [packet.to, packet.from];
  // what is outside has no policies, nor has what is on the network of a node
  if (!isPod(subject) || subject.hostNetwork) return true;
  const applying = applyingTo(world, subject, type);
  if (applying.length === 0) return true;
  return applying.some(policy => {
    const rules: Yaml[] = (type === 'Egress' ? policy.spec.egress : policy.spec.ingress) ?? [];
    return rules.some(rule => {
      const peers: Yaml[] = (type === 'Egress' ? rule?.to : rule?.from) ?? [];
      const ports: Yaml[] = rule?.ports ?? [];
      return (
        (peers.length === 0 || peers.some(peer => isPeer(world, policy.metadata.namespace ?? 'default', peer, other, family))) &&
        (ports.length === 0 || ports.some(port => isPort(port, packet)))
      );
    });
  });
}

/** Policies that isolate a pod, remembered for the next packet of the same pod. */
function applyingTo(world: BruteWorld, subject: BrutePod, type: 'Egress' | 'Ingress'): readonly Yaml[] {
  const known = applied.get(world) ?? new WeakMap<BrutePod, Map<string, readonly Yaml[]>>();
  applied.set(world, known);
  const ofPod = known.get(subject) ?? new Map<string, readonly Yaml[]>();
  known.set(subject, ofPod);
  const found =
    ofPod.get(type) ??
    world.policies.filter(
      policy =>
        (policy.metadata.namespace ?? 'default') === subject.namespace &&
        typesOf(policy.spec).includes(type) &&
        selects(policy.spec.podSelector, subject.labels),
    );
  ofPod.set(type, found);
  return found;
}

const applied = new WeakMap<BruteWorld, WeakMap<BrutePod, Map<string, readonly Yaml[]>>>();

/** "policies that contain an egress section are assumed to affect egress, and all policies (whether or not they contain an ingress section) are assumed to affect ingress" */
function typesOf(spec: Yaml): string[] {
  if (spec.policyTypes && spec.policyTypes.length > 0) return spec.policyTypes;
  return spec.egress && spec.egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

function isPeer(world: BruteWorld, ownNamespace: string, peer: Yaml, other: Endpoint, family: Family): boolean {
  if (peer.ipBlock) return isInBlock(peer.ipBlock, other, family);
  if (!isPod(other) || other.hostNetwork) return false;
  const namespace = peer.namespaceSelector
    ? selects(peer.namespaceSelector, { ...world.namespaces[other.namespace], 'kubernetes.io/metadata.name': other.namespace })
    : other.namespace === ownNamespace;
  return namespace && selects(peer.podSelector ?? {}, other.labels);
}

function isInBlock(block: Yaml, other: Endpoint, family: Family): boolean {
  const ips = isPod(other) ? other.ips : [other.ip];
  if (ips.length === 0) {
    const everything = block.cidr === (family === 4 ? '0.0.0.0/0' : '::/0') && (block.except ?? []).length === 0;
    return isPod(other) && other.hostNetwork && everything;
  }
  return ips.some(
    ip => isIPv4(ip) === (family === 4) && inRange(block.cidr, ip) && !(block.except ?? []).some((except: string) => inRange(except, ip)),
  );
}

function inRange(cidr: string, ip: string): boolean {
  const [network = '', length] = cidr.split('/');
  if (isIPv4(network) !== isIPv4(ip)) return false;
  const family = isIPv4(network) ? 'ipv4' : 'ipv6';
  let list = subnets.get(cidr);
  if (!list) {
    list = new BlockList();
    list.addSubnet(network, Number(length), family);
    subnets.set(cidr, list);
  }
  return list.check(ip, family);
}

const subnets = new Map<string, BlockList>();

/** "This can either be a numerical or named port on a pod. If this field is not provided, this matches all port names and numbers." */
function isPort(entry: Yaml, { to, protocol, port }: Packet): boolean {
  if ((entry.protocol ?? 'TCP') !== protocol) return false;
  if (entry.port === undefined || entry.port === null) return true;
  if (typeof entry.port === 'number') return entry.endPort ? entry.port <= port && port <= entry.endPort : entry.port === port;
  return (
    isPod(to) && to.ports.some(known => known.name === entry.port && (known.protocol ?? 'TCP') === protocol && known.containerPort === port)
  );
}

/** metav1.LabelSelector: all requirements are ANDed, an empty one matches everything. */
export function selects(selector: Yaml, labels: Labels): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  if (!Object.entries(matchLabels ?? {}).every(([key, value]) => labels[key] === value)) return false;
  return (matchExpressions ?? []).every(({ key, operator, values }: Yaml) => {
    if (operator === 'In') return key in labels && values.includes(labels[key]);
    if (operator === 'NotIn') return !(key in labels) || !values.includes(labels[key]);
    if (operator === 'Exists') return key in labels;
    if (operator === 'DoesNotExist') return !(key in labels);
    throw new Error(`no operator ${operator}`);
  });
}
