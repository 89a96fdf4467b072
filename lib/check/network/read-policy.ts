import { type FieldPath, isRecord, type KubernetesObject } from '../../objects/index.js';
import { Addresses, parseCidr } from './addresses.js';
import { DIRECTIONS, type Direction, type NetworkPolicy, type NetworkProblem, type Peer, type Rule, type RulePort } from './policy.js';
import { isProtocol, MAX_PORT, Ports } from './ports.js';
import { type Refuse, readSelector } from './selector.js';

const POLICY_TYPES = ['Ingress', 'Egress'] as const;

/** `kubectl` puts an object without a namespace into this one. */
export const DEFAULT_NAMESPACE = 'default';

export const namespaceOf = (object: KubernetesObject): string => object.metadata.namespace ?? DEFAULT_NAMESPACE;

/**
 * Reads a NetworkPolicy as the API server does. One that it would refuse does not exist in a cluster: nothing of it
 * is taken, and every reason is a problem.
 */
export function readPolicy(
  object: KubernetesObject,
): { readonly policy: NetworkPolicy } | { readonly problems: readonly NetworkProblem[] } {
  const problems: NetworkProblem[] = [];
  const refuse: Refuse = (path, text) => problems.push({ object, path, text });
  const spec = object.spec ?? {};
  if (!isRecord(spec)) return { problems: [{ object, path: ['spec'], text: 'is no object' }] };
  const rules = Object.fromEntries(
    directionsOf(spec, refuse).map(direction => [direction, readRules(spec[direction], direction, refuse)] as const),
  );
  const target = readSelector(spec.podSelector, ['spec', 'podSelector'], refuse);
  // rules of a direction that policyTypes leaves out are validated too, and have no effect
  for (const direction of DIRECTIONS) if (!(direction in rules)) readRules(spec[direction], direction, refuse);
  if (problems.length > 0) return { problems };
  return { policy: { object, namespace: namespaceOf(object), name: object.metadata.name, target, rules } };
}

/** Left out, `policyTypes` means ingress always, and egress where there are egress rules. */
function directionsOf(spec: Readonly<Record<string, unknown>>, refuse: Refuse): readonly Direction[] {
  const path = ['spec', 'policyTypes'];
  const { policyTypes, egress } = spec;
  if (policyTypes !== undefined && policyTypes !== null && !Array.isArray(policyTypes)) refuse(path, 'is no list');
  const given: readonly unknown[] = Array.isArray(policyTypes) ? policyTypes : [];
  if (given.length === 0) return Array.isArray(egress) && egress.length > 0 ? DIRECTIONS : ['ingress'];
  for (const [index, type] of given.entries()) {
    if (!POLICY_TYPES.some(known => known === type)) refuse([...path, index], `is ${JSON.stringify(type)}, expected Ingress or Egress`);
  }
  return DIRECTIONS.filter((_, index) => given.includes(POLICY_TYPES[index]));
}

function readRules(value: unknown, direction: Direction, refuse: Refuse): readonly Rule[] {
  const peersField = direction === 'ingress' ? 'from' : 'to';
  return listOf(value, ['spec', direction], refuse).flatMap(({ item, path }) => {
    // `- ` with nothing behind it is an empty rule: everything
    const fields = item ?? {};
    if (!isRecord(fields)) {
      refuse(path, 'is no rule');
      return [];
    }
    const peers = listOf(fields[peersField], [...path, peersField], refuse);
    const ports = listOf(fields.ports, [...path, 'ports'], refuse);
    return [
      {
        path,
        // an empty list means the same as none
        peers: peers.length === 0 ? undefined : peers.flatMap(peer => readPeer(peer.item, peer.path, refuse)),
        ports: ports.length === 0 ? undefined : ports.flatMap(port => readPort(port.item, port.path, refuse)),
      },
    ];
  });
}

function readPeer(value: unknown, path: FieldPath, refuse: Refuse): Peer[] {
  if (!isRecord(value)) {
    refuse(path, 'is no peer');
    return [];
  }
  const present = (field: string): boolean => value[field] !== undefined && value[field] !== null;
  const selects = present('podSelector') || present('namespaceSelector');
  if (present('ipBlock')) {
    if (selects) refuse(path, 'has an ipBlock beside a selector, which may not stand together');
    return readBlock(value.ipBlock, [...path, 'ipBlock'], refuse);
  }
  if (!selects) {
    refuse(path, 'has neither podSelector, namespaceSelector nor ipBlock');
    return [];
  }
  const namespaces = present('namespaceSelector')
    ? readSelector(value.namespaceSelector, [...path, 'namespaceSelector'], refuse)
    : undefined;
  return [{ path, kind: 'pods', namespaces, pods: readSelector(value.podSelector, [...path, 'podSelector'], refuse) }];
}

function readBlock(value: unknown, path: FieldPath, refuse: Refuse): Peer[] {
  const cidr = isRecord(value) ? value.cidr : undefined;
  const range = typeof cidr === 'string' ? parseCidr(cidr) : undefined;
  if (!isRecord(value) || typeof cidr !== 'string' || !range) {
    refuse([...path, 'cidr'], `is ${JSON.stringify(cidr) ?? 'missing'}, expected a range such as 10.0.0.0/8`);
    return [];
  }
  const holes = listOf(value.except, [...path, 'except'], refuse).flatMap(({ item, path: at }) => {
    const hole = typeof item === 'string' ? parseCidr(item) : undefined;
    if (typeof item !== 'string' || !hole) refuse(at, `is ${JSON.stringify(item)}, expected a range of addresses`);
    else if (hole[0] < range[0] || hole[1] > range[1] || hole[1] - hole[0] >= range[1] - range[0])
      refuse(at, `is ${item}, which is not a smaller range inside of ${cidr}`);
    else return [{ text: item, range: hole }];
    return [];
  });
  const { ranges } = Addresses.of([range]).minus(Addresses.of(holes.map(hole => hole.range)));
  return [{ path, kind: 'block', cidr, except: holes.map(({ text }) => text), ranges }];
}

function readPort(value: unknown, path: FieldPath, refuse: Refuse): RulePort[] {
  if (!isRecord(value)) {
    refuse(path, 'is no port');
    return [];
  }
  const protocol = value.protocol ?? 'TCP';
  if (!isProtocol(protocol)) {
    refuse([...path, 'protocol'], `is ${JSON.stringify(protocol)}, expected TCP, UDP or SCTP`);
    return [];
  }
  const port = value.port ?? undefined;
  const endPort = value.endPort ?? undefined;
  if (port === undefined) {
    if (endPort !== undefined) refuse([...path, 'endPort'], 'stands without port');
    return [{ path, kind: 'numbers', ports: Ports.every(protocol) }];
  }
  if (typeof port === 'string') {
    if (endPort !== undefined) refuse([...path, 'endPort'], `stands beside the name ${port}, expected a number as port`);
    if (!isPortName(port)) refuse([...path, 'port'], `is ${JSON.stringify(port)}, which is neither a number nor the name of a port`);
    return [{ path, kind: 'name', name: port, protocol }];
  }
  const last = endPort ?? port;
  if (!isPortNumber(port)) refuse([...path, 'port'], `is ${JSON.stringify(port)}, expected 1 to ${MAX_PORT}`);
  else if (!isPortNumber(last)) refuse([...path, 'endPort'], `is ${JSON.stringify(last)}, expected 1 to ${MAX_PORT}`);
  else if (last < port) refuse([...path, 'endPort'], `is ${last}, less than port ${port}`);
  else return [{ path, kind: 'numbers', ports: Ports.of(protocol, port, last) }];
  return [];
}

export const isPortNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_PORT;

/** IANA_SVC_NAME of RFC 6335, which the API server holds names of ports to. */
export const isPortName = (text: string): boolean => text.length <= 15 && /[a-z]/.test(text) && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(text);

interface Item {
  readonly item: unknown;
  readonly path: FieldPath;
}

function listOf(value: unknown, path: FieldPath, refuse: Refuse): readonly Item[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.map((item: unknown, index) => ({ item, path: [...path, index] }));
  refuse(path, 'is no list');
  return [];
}
