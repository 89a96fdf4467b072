import type { Plan, ServicePlan } from '../../fleet/plan.js';
import { type ObjectSet, objectName } from '../../objects/index.js';
import { IdentityRelation } from '../identity/index.js';
import { isOpen, type PodClass, type Protocol, type Side } from '../network/index.js';
import { declaredCalls } from '../prove/calls.js';
import { DeclaredNetwork } from './declared.js';
import { type Cause, causeAt, fieldText } from './difference.js';
import { type Participant, type World, worldOf } from './world.js';

/** A question for `--explain`: may `from` call this port of `to`? */
export interface WalkQuestion {
  /** A service, an external, or `namespace/name` of any rendered workload. */
  readonly from: string;
  readonly to: string;
  /** Name of a port of the callee, or a number of its pods, perhaps with a protocol: `8443/TCP`. */
  readonly port: string;
}

/** One thing that had a say, in the order in which a connection meets it. */
export interface Step {
  readonly what: 'declared' | 'egress' | 'ingress' | 'identity';
  readonly passes: boolean;
  readonly text: string;
  readonly places: readonly Cause[];
}

export interface Walk {
  readonly from: string;
  readonly to: string;
  readonly port: string;
  readonly declared: boolean;
  /** All steps but the declaration let it through. */
  readonly possible: boolean;
  readonly steps: readonly Step[];
}

/** Walks through everything that decides one call; a text where the question names nobody. */
export function walk(
  objects: ObjectSet,
  plan: Plan,
  question: WalkQuestion,
): Walk | { readonly problem: string; readonly known: readonly string[] } {
  const world = worldOf(objects, plan);
  const everybody = [...world.participants.values()];
  const [from, to] = [participant(everybody, question.from), participant(everybody, question.to)];
  const names = [...new Set(everybody.map(({ name }) => name))];
  if (!from) return { problem: `nobody is called "${question.from}"`, known: names };
  if (!to) return { problem: `nobody is called "${question.to}"`, known: names };
  const service = to.roles.services[0];
  const port = portOf(service, to, plan, question.port);
  if (!port) {
    const known = service
      ? service.ports.map(({ name }) => name)
      : to.roles.externals.flatMap(({ ports }) => ports.map(({ name }) => name));
    return { problem: `${question.to} has no port "${question.port}"`, known };
  }
  const declared = new DeclaredNetwork(plan).between(from.roles, to.roles).has(port.protocol, port.number);
  const network = plan.network.policies ? networkSteps(world, from, to, port) : [];
  const identity = identityStep(world.objects, plan, from, service, port.number);
  const steps: Step[] = [
    {
      what: 'declared',
      passes: declared,
      text: declared ? 'the fleet declares this call' : 'the fleet does not declare this call',
      places: [],
    },
    ...network,
    ...(identity ? [identity] : []),
  ];
  return {
    from: from.name,
    to: to.name,
    port: `${port.number}/${port.protocol}`,
    declared,
    possible: steps.slice(1).every(({ passes }) => passes),
    steps,
  };
}

const participant = (everybody: readonly Participant[], name: string): Participant | undefined =>
  everybody.find(each => each.name === name && each.roles.services.some(service => service.name === name)) ??
  everybody.find(each => each.name === name || `${each.workload.namespace}/${each.workload.name}` === name);

interface WalkPort {
  readonly number: number;
  readonly protocol: Protocol;
}

function portOf(service: ServicePlan | undefined, to: Participant, plan: Plan, text: string): WalkPort | undefined {
  const declared = service?.ports.find(({ name }) => name === text);
  if (declared) return { number: declared.targetPort, protocol: declared.transport };
  const outside = to.roles.externals.flatMap(({ ports }) => ports).find(({ name }) => name === text);
  if (outside) return { number: outside.port, protocol: outside.transport };
  const [, number, protocol = 'TCP'] = /^(\d{1,5})(?:\/(TCP|UDP|SCTP))?$/.exec(text) ?? [];
  if (number !== undefined && Number(number) > 0 && Number(number) < 65_536)
    return { number: Number(number), protocol: protocol as Protocol };
  return to.roles.dns && text === 'dns' ? { number: plan.network.dnsPorts[0]?.port ?? 53, protocol: 'UDP' } : undefined;
}

function networkSteps(world: World, from: Participant, to: Participant, port: WalkPort): readonly Step[] {
  const [source, target] = pairOf(world, from, to, port);
  const sides = world.network.decide({ from: source, to: target, protocol: port.protocol, port: port.number });
  return [step(world.objects, sides.egress, from.name, to.name), step(world.objects, sides.ingress, to.name, from.name)];
}

/** The pods for which it is open, where pods of one workload differ. */
function pairOf({ network }: World, from: Participant, to: Participant, port: WalkPort): readonly [PodClass, PodClass] {
  const pairs = network.classesOf(from.workload).flatMap(source => network.classesOf(to.workload).map(target => [source, target] as const));
  const [first] = pairs;
  if (!first) throw new Error(`${from.name} or ${to.name} has no pods`);
  return pairs.find(([source, target]) => network.betweenClasses(source, target).has(port.protocol, port.number)) ?? first;
}

function step(objects: ObjectSet, side: Side, subject: string, other: string): Step {
  const what = side.direction;
  const passes = isOpen(side);
  if (side.isolatedBy.length === 0) return { what, passes, text: `no policy isolates ${subject} for ${what}: everything goes`, places: [] };
  const word = what === 'egress' ? 'to' : 'from';
  if (passes) {
    const places = side.allowedBy.map(({ policy, rule, peer, port }) =>
      causeAt(objects, policy.object, (peer ?? port ?? rule).path, 'allows it'),
    );
    return {
      what,
      passes,
      text: `allowed ${word} ${other}`,
      places: [...new Map(places.map(place => [`${place.object} ${place.path}`, place])).values()],
    };
  }
  const near = side.nearly.map(({ policy, rule, differs }) =>
    causeAt(objects, policy.object, rule.path, differs === 'ports' ? 'has the peer, but not the port' : 'has the port, but not the peer'),
  );
  const isolating = side.isolatedBy.map(policy => causeAt(objects, policy.object, ['spec', what], `isolates ${subject}, no rule fits`));
  return {
    what,
    passes,
    text: `dropped: no rule of ${side.isolatedBy.map(({ object }) => objectName(object)).join(', ')} has ${word} ${other} on this port`,
    places: [...near, ...isolating],
  };
}

/** The handshake, for a port that carries mutual TLS. */
function identityStep(
  objects: ObjectSet,
  plan: Plan,
  from: Participant,
  service: ServicePlan | undefined,
  number: number,
): Step | undefined {
  const target = declaredCalls(plan).ports.find(each => each.service === service && each.port.targetPort === number);
  if (!target) return undefined;
  const relation = new IdentityRelation(objects, plan);
  const [caller] = from.roles.services;
  const [external] = from.roles.externals;
  if (!caller && external?.spiffeId === undefined)
    return { what: 'identity', passes: false, text: `${from.name} has no SPIFFE ID, and the port wants one`, places: [] };
  const isDeclared = plan.edges.some(
    edge => edge.caller === caller?.name && edge.callee === service?.name && edge.port === target.port.name,
  );
  const decision = caller
    ? isDeclared
      ? relation.call(caller.name, target)
      : relation.attempt(caller.name, target)
    : relation.attemptAs(external?.spiffeId ?? '', target);
  const places = decision.at ? [causeAt(objects, decision.at.object, decision.at.path, fieldText(decision.at.path))] : [];
  return { what: 'identity', passes: decision.accepted, text: decision.reason, places };
}
