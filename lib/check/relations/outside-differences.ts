import type { ServicePlan } from '../../fleet/plan.js';
import { Addresses, type AddressRange, type Direction, Ports, type Protocol } from '../network/index.js';
import type { DeclaredNetwork } from './declared.js';
import type { Difference } from './difference.js';
import { whyClosed, whyOpen } from './network-causes.js';
import { rangesOf } from './roles.js';
import type { Participant, World } from './world.js';

interface Open {
  readonly ranges: readonly AddressRange[];
  readonly ports: Ports;
  readonly name?: string;
}

/** Addresses outside of the cluster with which a service may speak, and should not; or should, and may not. */
export function outsideDifferences(world: World, declared: DeclaredNetwork): readonly Difference[] {
  return declared.plan.services.flatMap(service =>
    (world.byService.get(service.name) ?? []).flatMap(participant =>
      (['ingress', 'egress'] as const).flatMap(direction => oneDirection(world, declared, service, participant, direction)),
    ),
  );
}

function oneDirection(
  world: World,
  declared: DeclaredNetwork,
  service: ServicePlan,
  participant: Participant,
  direction: Direction,
): readonly Difference[] {
  const rendered = world.network
    .outside(participant.workload, direction)
    .map(({ addresses, ports }): Open => ({ ranges: addresses.ranges, ports }));
  const wanted = declared.outside(service, direction).map(({ peer, name, ports }): Open => ({ ranges: rangesOf(peer), ports, name }));
  if (rendered.length === 0 && wanted.length === 0) return [];
  const found = new Map<string, Segment>();
  for (const segment of segments(rendered, wanted)) {
    // one difference for each set of ports, at the first address
    const key = `${segment.extra} ${segment.missing}`;
    const known = found.get(key);
    if (known) known.ranges.push(...segment.ranges);
    else found.set(key, segment);
  }
  return [...found.values()].flatMap(segment => [
    ...(segment.extra.isEmpty ? [] : [difference(world, 'network-extra', participant, service, direction, segment, segment.extra)]),
    ...(segment.missing.isEmpty ? [] : [difference(world, 'network-missing', participant, service, direction, segment, segment.missing)]),
  ]);
}

interface Segment {
  readonly ranges: AddressRange[];
  readonly extra: Ports;
  readonly missing: Ports;
  readonly name: string | undefined;
}

/** Ranges in which neither side changes, where the two are not the same. */
function segments(rendered: readonly Open[], wanted: readonly Open[]): readonly Segment[] {
  const starts = new Set([...rendered, ...wanted].flatMap(({ ranges }) => ranges.flatMap(([first, last]) => [first, last + 1n])));
  const sorted = [...starts].sort((a, b) => (a < b ? -1 : 1));
  return sorted.slice(0, -1).flatMap((first, index): Segment[] => {
    const last = (sorted[index + 1] ?? first) - 1n;
    const at = (list: readonly Open[]): readonly Open[] =>
      list.filter(({ ranges }) => ranges.some(range => range[0] <= first && first <= range[1]));
    const [here, there] = [at(rendered), at(wanted)];
    const [open, asked] = [Ports.union(here.map(({ ports }) => ports)), Ports.union(there.map(({ ports }) => ports))];
    const [extra, missing] = [open.minus(asked), asked.minus(open)];
    return extra.isEmpty && missing.isEmpty ? [] : [{ ranges: [[first, last]], extra, missing, name: there[0]?.name }];
  });
}

function difference(
  world: World,
  code: 'network-extra' | 'network-missing',
  participant: Participant,
  service: ServicePlan,
  direction: Direction,
  { ranges, name }: Segment,
  ports: Ports,
): Difference {
  const first = ports.first();
  const address = ranges[0]?.[0];
  if (!first || address === undefined) throw new Error('a difference without a port or an address');
  const [cidr = '', ...more] = Addresses.of(ranges).cidrs();
  const other = name !== undefined && code === 'network-missing' ? `${name} (${cidr})` : cidr;
  const port = `${first.port}/${first.protocol}`;
  const { causes, change } = explain(world, code, participant, service, direction, { address, other, ...first });
  const [from, to] = direction === 'ingress' ? [other, service.name] : [service.name, other];
  const rest = more.length === 0 ? '' : ` and ${more.length} more ranges`;
  const what = code === 'network-extra' ? 'is possible in the network and not declared' : 'is declared, and the network stops it';
  return { code, layer: 'network', from, to, port, text: `${from} → ${to}:${port} ${what} (${ports} of ${cidr}${rest})`, causes, change };
}

function explain(
  { network, objects }: World,
  code: 'network-extra' | 'network-missing',
  participant: Participant,
  service: ServicePlan,
  direction: Direction,
  at: { readonly address: bigint; readonly other: string; readonly protocol: Protocol; readonly port: number },
): { readonly causes: Difference['causes']; readonly change: string } {
  const own = { name: service.name, service };
  const outside = { name: at.other, service: undefined };
  const [from, to] = direction === 'ingress' ? [outside, own] : [own, outside];
  for (const pods of network.classesOf(participant.workload)) {
    const ends = direction === 'ingress' ? { from: { address: at.address }, to: pods } : { from: pods, to: { address: at.address } };
    const sides = network.decide({ ...ends, protocol: at.protocol, port: at.port });
    const side = sides[direction];
    const open = side.isolatedBy.length === 0 || side.allowedBy.length > 0;
    if (open !== (code === 'network-extra')) continue;
    return open ? whyOpen(objects, sides, from, to) : whyClosed(objects, sides, from, to, `${at.port}/${at.protocol}`);
  }
  throw new Error(`nothing decides ${from.name} → ${to.name}`);
}
