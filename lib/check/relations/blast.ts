import type { Plan, ServicePlan } from '../../fleet/plan.js';
import { graphOf } from '../../fleet/plan-graph.js';
import { type Reached, reachOf } from './reach.js';

/** What whoever has a service's private key can do with it. */
export interface Blast {
  readonly service: string;
  readonly spiffeId: string;
  /** Ports that let this identity in. */
  readonly direct: readonly { readonly service: string; readonly port: string; readonly mode: string }[];
  /** Services by the number of calls that lead to them, if each on the way is taken over too. */
  readonly reachable: readonly { readonly service: string; readonly hops: number; readonly through: readonly string[] }[];
  /** Externals that those services may call. */
  readonly externals: readonly string[];
  /** Services that would take the thief for this service when they call it. */
  readonly deceived: readonly string[];
  /** Names for which the certificate stands. */
  readonly dnsNames: readonly string[];
  /** A stolen certificate ends after at most this long; nothing revokes it before. */
  readonly lifetimeSeconds: number;
  /** On average it is renewed after this long, and the stolen one still lives for the rest. */
  readonly renewedAfterSeconds: number;
  /** Direct calls by how many services fewer would be reached without each. */
  readonly cuts: readonly { readonly call: string; readonly fewer: number }[];
}

/** The same in numbers, for a table of all services. */
export interface BlastRadius {
  readonly reachable: number;
  /** Calls to the farthest of them. */
  readonly farthest: number;
  readonly externals: readonly string[];
  readonly deceived: readonly string[];
  readonly cuts: Blast['cuts'];
}

/** How far a stolen key reaches by the declared calls, which `prove` shows to be the possible ones. */
export function blast(plan: Plan, name: string): Blast | undefined {
  const service = plan.services.find(each => each.name === name);
  if (!service) return undefined;
  const reached = reachOf(plan).from(name);
  const { certificate } = service;
  return {
    service: name,
    spiffeId: service.spiffeId,
    direct: graphOf(plan)
      .outgoing(name)
      .map(({ callee, port, mode }) => ({ service: callee, port, mode })),
    reachable: reached.map(each => ({ service: each.service, hops: each.hops, through: wayTo(each) })),
    externals: externalsFrom(plan, name, reached),
    deceived: deceivedBy(plan, service),
    dnsNames: certificate.dnsNames,
    lifetimeSeconds: certificate.durationSeconds,
    renewedAfterSeconds: renewal(service),
    cuts: cutsOf(plan, name, reached.length),
  };
}

export function blastRadius(plan: Plan, service: ServicePlan): BlastRadius {
  const reached = reachOf(plan).from(service.name);
  return {
    reachable: reached.length,
    // the nearest come first
    farthest: reached.at(-1)?.hops ?? 0,
    externals: externalsFrom(plan, service.name, reached),
    deceived: deceivedBy(plan, service),
    cuts: cutsOf(plan, service.name, reached.length),
  };
}

/** The services through which the way leads, itself last. */
function wayTo(reached: Reached): readonly string[] {
  const way: string[] = [];
  for (let each: Reached | undefined = reached; each; each = each.before) way.push(each.service);
  return way.reverse();
}

function externalsFrom(plan: Plan, name: string, reached: readonly Reached[]): readonly string[] {
  const graph = graphOf(plan);
  const externals = new Set<string>();
  const add = (service: string): void => {
    for (const { external } of graph.outgoingExternal(service)) externals.add(external);
  };
  add(name);
  for (const { service } of reached) add(service);
  return [...externals].sort();
}

const deceivedBy = (plan: Plan, { name, certificate }: ServicePlan): readonly string[] =>
  certificate.usages.includes('server auth')
    ? [
        ...new Set(
          graphOf(plan)
            .incoming(name)
            .map(({ caller }) => caller),
        ),
      ].sort()
    : [];

function cutsOf(plan: Plan, from: string, size: number): Blast['cuts'] {
  const reach = reachOf(plan);
  return reach
    .callees(from)
    .map(callee => ({ call: `${from} → ${callee}`, fewer: size - reach.countWithout(from, callee) }))
    .sort((a, b) => b.fewer - a.fewer || (a.call < b.call ? -1 : 1));
}

function renewal({ certificate }: ServicePlan): number {
  const { durationSeconds, renewBeforeSeconds, renewBeforePercentage } = certificate;
  // cert-manager renews after two thirds of the lifetime where nothing is said
  const before = renewBeforeSeconds ?? (durationSeconds * (renewBeforePercentage ?? 100 / 3)) / 100;
  return Math.round(durationSeconds - before);
}
