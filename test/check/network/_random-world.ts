import type { KubernetesObject } from '../../../lib/objects';
import type { BrutePod, BruteWorld } from './_brute-force';

/** A reproducible random number in [0, 1): mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface World extends BruteWorld {
  readonly objects: readonly KubernetesObject[];
  /** Each with the name of its workload. */
  readonly pods: readonly (BrutePod & { readonly workload: string; readonly kind: string })[];
}

// biome-ignore lint/suspicious/noExplicitAny: objects as they are in YAML
type Yaml = any;

const KEYS = ['app', 'tier', 'job-name'];
const VALUES = ['a', 'b', 'c'];
const NAMESPACES = ['default', 'x', 'y'];
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];
export const PORTS = [1, 53, 80, 81, 82, 8080, 65_535];
const NAMES = ['web', 'dns', 'admin'];
/** Ranges that touch, hold and miss each other, each with ranges inside of it. */
const BLOCKS: readonly (readonly [cidr: string, inside: readonly string[]])[] = [
  ['0.0.0.0/0', ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24', '128.0.0.0/1']],
  ['10.1.0.0/16', ['10.1.2.0/24', '10.1.2.3/32', '10.1.128.0/17']],
  ['10.1.2.3/32', []],
  ['10.0.0.7/8', ['10.1.0.0/16']],
  ['::/0', ['2001:db8::/32', '2001:db8:1::/48', 'fd00::/8']],
  ['2001:db8::/32', ['2001:db8:1::/48', '2001:db8::1/128']],
  ['::ffff:10.1.2.0/120', []],
];
export const OUTSIDE = [
  '0.0.0.0',
  '9.255.255.255',
  '10.0.0.0',
  '10.1.0.0',
  '10.1.2.3',
  '10.1.2.4',
  '10.1.128.0',
  '10.255.255.255',
  '11.0.0.0',
  '127.255.255.255',
  '255.255.255.255',
  '::',
  '::ffff:a01:203',
  '2001:db8::1',
  '2001:db8:1::',
  '2001:db9::',
  'fd00::1',
  'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
];

/** A small cluster with everything that the API can say about it, chosen so that things often meet. */
export function randomWorld(seed: number): World {
  const random = randomOf(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const one = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const maybe = <T>(chance: number, make: () => T): T | undefined => (random() < chance ? make() : undefined);
  const some = <T>(most: number, make: () => T): T[] => Array.from({ length: below(most + 1) }, make);
  const subset = <T>(list: readonly T[]): T[] => list.filter(() => random() < 0.5);

  const labels = (): Record<string, string> => Object.fromEntries(subset(KEYS.slice(0, 2)).map(key => [key, one(VALUES)]));
  const expression = (keys: readonly string[], values: readonly string[]): Yaml => {
    const operator = one(['In', 'NotIn', 'Exists', 'DoesNotExist']);
    const given = operator.endsWith('In') ? { values: [one(values), ...subset(values)] } : maybe(0.2, () => ({ values: [] }));
    return { key: one(keys), operator, ...given };
  };
  const selector = (keys: readonly string[], values: readonly string[]): Yaml => ({
    ...maybe(0.6, () => ({ matchLabels: random() < 0.2 ? {} : { [one(keys)]: one(values) } })),
    ...maybe(0.35, () => ({ matchExpressions: some(2, () => expression(keys, values)) })),
  });
  const podSelector = (): Yaml => selector(KEYS, [...VALUES, 'batch-0']);
  const namespaceSelector = (): Yaml => selector(['team', 'kubernetes.io/metadata.name'], ['red', 'blue', ...NAMESPACES]);
  const block = (): Yaml => {
    const [cidr, inside] = one(BLOCKS);
    return { cidr, ...maybe(0.5, () => ({ except: subset(inside) })) };
  };
  const peer = (): Yaml => {
    const kind = random();
    if (kind < 0.25) return { ipBlock: block() };
    if (kind < 0.5) return { podSelector: podSelector(), ...maybe(0.2, () => ({ namespaceSelector: null })) };
    if (kind < 0.75) return { namespaceSelector: namespaceSelector() };
    return { namespaceSelector: namespaceSelector(), podSelector: podSelector() };
  };
  const port = (): Yaml => {
    const protocol = maybe(0.7, () => ({ protocol: one(PROTOCOLS) }));
    const kind = random();
    if (kind < 0.15) return { ...protocol };
    if (kind < 0.5) return { ...protocol, port: one(NAMES) };
    const first = one(PORTS);
    return { ...protocol, port: first, ...maybe(0.4, () => ({ endPort: one(PORTS.filter(last => last >= first)) })) };
  };
  const rule = (field: 'from' | 'to'): Yaml => ({
    ...maybe(0.85, () => ({ [field]: some(2, peer) })),
    ...maybe(0.7, () => ({ ports: some(2, port) })),
  });
  const policy = (index: number): Yaml => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `policy-${index}`, ...maybe(0.8, () => ({ namespace: one(NAMESPACES) })) },
    spec: {
      podSelector: random() < 0.4 ? {} : podSelector(),
      ...maybe(0.6, () => ({ policyTypes: subset(['Ingress', 'Egress']) })),
      ...maybe(0.7, () => ({ ingress: some(2, () => rule('from')) })),
      ...maybe(0.7, () => ({ egress: some(2, () => rule('to')) })),
    },
  });
  const ips = (): string[] => [
    ...(maybe(0.4, () => [one(['10.1.2.3', '10.1.2.4', '10.200.0.1', '192.168.0.1'])]) ?? []),
    ...(maybe(0.3, () => [one(['2001:db8::1', '2001:db8:1::5', 'fd00::7'])]) ?? []),
  ];
  const containerPorts = (): Yaml[] =>
    NAMES.flatMap(
      name => maybe(0.5, () => ({ name, containerPort: one(PORTS), ...maybe(0.5, () => ({ protocol: one(PROTOCOLS) })) })) ?? [],
    );

  const namespaces = Object.fromEntries(subset(NAMESPACES).map(name => [name, random() < 0.7 ? { team: one(['red', 'blue']) } : {}]));
  const pods: World['pods'][number][] = [];
  const objects: Yaml[] = Object.entries(namespaces).map(([name, own]) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: own },
  }));
  for (let index = 0; index < 2 + below(4); index++) {
    const kind = one(['Pod', 'Deployment', 'Job', 'CronJob', 'StatefulSet']);
    const name = `${kind.toLowerCase()}-${index}`;
    const namespace = one(NAMESPACES);
    const own = labels();
    const ports = containerPorts();
    const hostNetwork = random() < 0.1;
    const known = kind === 'Pod' ? ips() : [];
    const spec = {
      ...(hostNetwork && { hostNetwork }),
      containers: [
        { name: 'main', ports: ports.slice(0, 2) },
        { name: 'side', ports: ports.slice(2) },
      ],
    };
    const metadata = { name, ...(namespace === 'default' && random() < 0.5 ? {} : { namespace }) };
    const template = { metadata: { labels: own }, spec };
    const given = kind === 'Job' ? { ...own, 'job-name': name, 'batch.kubernetes.io/job-name': name } : own;
    pods.push({ workload: name, kind, namespace, labels: given, ports, hostNetwork, ips: known });
    const status = known.length === 0 ? {} : { status: { podIP: known[0], podIPs: known.map(ip => ({ ip })) } };
    if (kind === 'Pod') objects.push({ apiVersion: 'v1', kind, metadata: { ...metadata, labels: own }, spec, ...status });
    else if (kind === 'CronJob') objects.push({ apiVersion: 'batch/v1', kind, metadata, spec: { jobTemplate: { spec: { template } } } });
    else objects.push({ apiVersion: kind === 'Job' ? 'batch/v1' : 'apps/v1', kind, metadata, spec: { template } });
  }
  const policies = some(4, () => 0).map((_, index) => policy(index));
  return { namespaces, policies, pods, objects: [...objects, ...policies] };
}
