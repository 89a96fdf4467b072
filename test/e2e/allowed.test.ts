import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Addresses, allowancesOf, type Ports } from '../../e2e/agent/allowed.js';
import type { Labels, Pod, Policy, Protocol, World } from '../../e2e/agent/world.js';

interface PodOfCase {
  readonly namespace: string;
  readonly name: string;
  readonly ip: string;
  readonly labels: Labels;
}

interface Step {
  readonly policies: readonly { readonly metadata: { readonly name: string; readonly namespace: string }; readonly spec: Policy['spec'] }[];
  readonly namespaces?: Readonly<Record<string, Labels>>;
  readonly pods?: readonly PodOfCase[];
  readonly reach: readonly { readonly ports: readonly string[]; readonly rows: readonly string[] }[];
}

interface Matrix {
  readonly base: {
    readonly namespaces: Readonly<Record<string, Labels>>;
    readonly pods: readonly PodOfCase[];
    readonly containerPorts: readonly { readonly name: string; readonly containerPort: number; readonly protocol: Protocol }[];
  };
  readonly cases: readonly { readonly name: string; readonly steps: readonly Step[] }[];
}

const { base, cases } = JSON.parse(readFileSync(join(__dirname, '../../e2e/cases/netpol-matrix.json'), 'utf8')) as Matrix;

function worldOf({ policies, namespaces = base.namespaces, pods = base.pods }: Step): World {
  const ports = base.containerPorts.map(({ name, containerPort, protocol }) => ({ name, port: containerPort, protocol }));
  return {
    namespaces: new Map(Object.entries(namespaces)),
    pods: pods.map(pod => ({ ...pod, ports })),
    policies: policies.map(({ metadata, spec }) => ({ ...metadata, spec })),
  };
}

const number = (ip: string): number => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const inBlock = (ip: string, cidr: string): boolean => {
  const [start = '', length = ''] = cidr.split('/');
  const size = 2 ** (32 - Number(length));
  return Math.floor(number(ip) / size) === Math.floor(number(start) / size);
};

function matchesAddress(addresses: Addresses, ip: string): boolean {
  if ('any' in addresses) return true;
  if ('pods' in addresses) return addresses.pods.includes(ip);
  return inBlock(ip, addresses.cidr) && addresses.except.every(part => !inBlock(ip, part));
}

const matchesPort = (ports: Ports | undefined, protocol: string, port: number): boolean =>
  ports === undefined || (ports.protocol === protocol && (ports.range === undefined || (port >= ports.range[0] && port <= ports.range[1])));

function reaches(world: World, from: Pod, to: Pod, protocol: string, port: number): boolean {
  const passes = (pod: Pod, other: Pod, direction: 'ingress' | 'egress'): boolean =>
    allowancesOf(pod, direction, world)?.some(
      ({ addresses, ports }) => matchesAddress(addresses, other.ip) && matchesPort(ports, protocol, port),
    ) ?? true;
  return passes(from, to, 'egress') && passes(to, from, 'ingress');
}

const rowsOf = (world: World, port: string): string[] => {
  const [protocol = '', value] = port.split('/');
  return world.pods.map((from, i) =>
    world.pods.map((to, j) => (i === j ? '-' : reaches(world, from, to, protocol, Number(value)) ? '.' : 'X')).join(''),
  );
};

const withoutDiagonal = (rows: readonly string[]): string[] => rows.map((row, i) => `${row.slice(0, i)}-${row.slice(i + 1)}`);

const steps = cases.flatMap(({ name, steps: all }) => all.map((step, at) => ({ name: `${name} (${at + 1})`, step })));

test('what the policy agent allows is what cyclonus expects, in every state of the matrix', () => {
  expect(steps.length).toBeGreaterThan(250);
  const wrong = steps.flatMap(({ name, step }) => {
    const world = worldOf(step);
    return step.reach.flatMap(({ ports, rows }) =>
      ports.filter(port => rowsOf(world, port).join() !== withoutDiagonal(rows).join()).map(port => `${name} ${port}`),
    );
  });
  expect(wrong).toEqual([]);
});

test('a state whose policies are taken away does not agree any more', () => {
  const [first] = steps;
  if (first === undefined) throw new Error('the matrix is empty');
  const world = worldOf({ ...first.step, policies: [] });
  const [entry] = first.step.reach;
  expect(rowsOf(world, entry?.ports[0] ?? '')).not.toEqual(withoutDiagonal(entry?.rows ?? []));
});
