import type { Plan } from '../../fleet/plan.js';
import { objectName } from '../../objects/index.js';
import type { PodClass, Ports, Protocol } from '../network/index.js';
import { DeclaredNetwork } from './declared.js';
import { causeAt, causeOfNothing, type Difference } from './difference.js';
import { type Explanation, type Named, whyClosed, whyOpen } from './network-causes.js';
import { outsideDifferences } from './outside-differences.js';
import { serviceDifferences } from './service-differences.js';
import type { Participant, World } from './world.js';

export interface NetworkDifferences {
  readonly differences: readonly Difference[];
  /** Undeclared connections beyond those that are explained. */
  readonly unexplained: number;
}

/** With everything open there is one for each pair of services: nobody reads more than these. */
const MOST_EXPLAINED = 1000;

/** Where the rendered network lets through something else than the declared calls. */
export function networkDifferences(world: World, plan: Plan): NetworkDifferences {
  const declared = new DeclaredNetwork(plan);
  const open = extra(world, declared);
  const differences = [
    ...undecided(world),
    ...missingWorkloads(world, plan),
    ...serviceDifferences(world, plan),
    ...missing(world, declared),
    ...open.slice(0, MOST_EXPLAINED).map(({ from, to, ports }) => difference(world, 'network-extra', from, to, ports)),
    ...outsideDifferences(world, declared),
  ];
  return { differences, unexplained: Math.max(0, open.length - MOST_EXPLAINED) };
}

interface Opening {
  readonly from: Participant;
  readonly to: Participant;
  ports: Ports;
}

function undecided({ network, objects }: World): readonly Difference[] {
  return network.problems.map(({ object, path, text }) => {
    const cause = causeAt(objects, object, path, text);
    return {
      code: 'network-undecided',
      layer: 'network',
      from: '',
      to: '',
      port: '',
      text: `${objectName(object)} ${cause.path} ${text}`,
      causes: [cause],
      change: `correct or remove ${objectName(object)}`,
    };
  });
}

function missingWorkloads({ byService }: World, plan: Plan): readonly Difference[] {
  return plan.services.flatMap(service => {
    if (service.workload.existing || byService.has(service.name)) return [];
    const object = `${service.workload.kind} ${service.namespace}/${service.workload.names[0]}`;
    return [
      {
        code: 'network-missing',
        layer: 'network',
        from: '',
        to: service.name,
        port: '',
        text: `${service.name} has no pods: no call of it or to it is possible`,
        causes: [causeOfNothing(object, 'was not rendered')],
        change: `render ${object}`,
      } as const,
    ];
  });
}

/** Declared calls first, so that every missing one is found by itself. */
function missing(world: World, declared: DeclaredNetwork): readonly Difference[] {
  const { plan } = declared;
  const pairs = new Map<string, readonly [Participant, Participant]>();
  const remember = (from: Participant, to: Participant): void => {
    pairs.set(
      `${from.workload.namespace}/${from.workload.kind}/${from.workload.name} ${to.workload.namespace}/${to.workload.kind}/${to.workload.name}`,
      [from, to],
    );
  };
  const ofService = (name: string): readonly Participant[] => world.byService.get(name) ?? [];
  for (const { caller, callee } of plan.edges) for (const from of ofService(caller)) for (const to of ofService(callee)) remember(from, to);
  const outsiders = [...world.participants.values()].filter(({ roles }) => roles.externals.length > 0 || roles.dns);
  for (const other of outsiders) {
    for (const service of plan.services) {
      const roles = { services: [service], externals: [], dns: false };
      const [out, into] = [declared.between(roles, other.roles), declared.between(other.roles, roles)];
      for (const own of ofService(service.name)) {
        if (!out.isEmpty) remember(own, other);
        if (!into.isEmpty) remember(other, own);
      }
    }
  }
  return [...pairs.values()].flatMap(([from, to]) => {
    const lacking = declared.between(from.roles, to.roles).minus(world.network.between(from.workload, to.workload));
    return lacking.isEmpty ? [] : [difference(world, 'network-missing', from, to, lacking)];
  });
}

/** Whatever is open and has an end in the fleet. */
function extra(world: World, declared: DeclaredNetwork): readonly Opening[] {
  const found = new Map<string, Opening>();
  for (const { from, to, ports } of world.network.classConnections()) {
    const [callers, callees] = [participantsOf(world, from), participantsOf(world, to)];
    for (const caller of callers) {
      for (const callee of callees) {
        if (!isOfFleet(caller, world) && !isOfFleet(callee, world)) continue;
        // a pod can't be kept from itself
        if (caller === callee && isSingle(caller)) continue;
        const open = ports.minus(declared.between(caller.roles, callee.roles));
        if (open.isEmpty) continue;
        const key = `${caller.workload.namespace} ${caller.name} ${callee.workload.namespace} ${callee.name}`;
        const known = found.get(key);
        if (known) known.ports = known.ports.union(open);
        else found.set(key, { from: caller, to: callee, ports: open });
      }
    }
  }
  return [...found.values()];
}

const participantsOf = ({ participants }: World, pods: PodClass): readonly Participant[] =>
  pods.members.flatMap(workload => participants.get(workload) ?? []);

/** A real workload of the fleet; a stand-in for one that is only patched counts as well. */
const isOfFleet = (participant: Participant, { byService }: World): boolean =>
  participant.roles.services.some(({ name }) => byService.get(name)?.includes(participant));

const isSingle = ({ workload }: Participant): boolean => workload.kind === 'Pod';

function difference(world: World, code: 'network-extra' | 'network-missing', from: Participant, to: Participant, ports: Ports): Difference {
  const first = ports.first();
  if (!first) throw new Error('a difference without a port');
  const port = `${first.port}/${first.protocol}`;
  const { causes, change } = explain(world, code, from, to, first.protocol, first.port);
  const call = `${from.name} → ${to.name}:${port}`;
  const more = ports.minus(ports.only(first.protocol, first.port)).isEmpty ? '' : ` (all of it: ${ports})`;
  const text =
    code === 'network-extra'
      ? `${call} is possible in the network and not declared${more}`
      : `${call} is declared, and the network stops it${more}`;
  return { code, layer: 'network', from: from.name, to: to.name, port, text, causes, change };
}

function explain(
  { network, objects }: World,
  code: 'network-extra' | 'network-missing',
  from: Participant,
  to: Participant,
  protocol: Protocol,
  port: number,
): Explanation {
  const ends: [Named, Named] = [named(from), named(to)];
  for (const source of network.classesOf(from.workload)) {
    for (const target of network.classesOf(to.workload)) {
      const open = network.betweenClasses(source, target).has(protocol, port);
      if (open !== (code === 'network-extra')) continue;
      const sides = network.decide({ from: source, to: target, protocol, port });
      return open ? whyOpen(objects, sides, ...ends) : whyClosed(objects, sides, ...ends, `${port}/${protocol}`);
    }
  }
  throw new Error(`nothing decides ${from.name} → ${to.name}`);
}

const named = ({ name, roles }: Participant): Named => ({ name, service: roles.services[0] });
