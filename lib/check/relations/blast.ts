import type { EdgePlan, Plan, ServicePlan } from '../../fleet/plan.js';

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

/** How far a stolen key reaches by the declared calls, which `prove` shows to be the possible ones. */
export function blast(plan: Plan, name: string): Blast | undefined {
  const service = plan.services.find(each => each.name === name);
  if (!service) return undefined;
  const edges = byCaller(plan.edges);
  const direct = (edges.get(name) ?? []).map(({ callee, port, mode }) => ({ service: callee, port, mode }));
  const reached = reach(edges, name);
  const inside = new Set([name, ...reached.keys()]);
  const { certificate } = service;
  return {
    service: name,
    spiffeId: service.spiffeId,
    direct,
    reachable: [...reached].map(([callee, through]) => ({ service: callee, hops: through.length, through })),
    externals: [
      ...new Set(plan.externalEdges.filter(edge => edge.direction === 'out' && inside.has(edge.service)).map(({ external }) => external)),
    ].sort(),
    deceived: certificate.usages.includes('server auth') ? callersOf(plan, name) : [],
    dnsNames: certificate.dnsNames,
    lifetimeSeconds: certificate.durationSeconds,
    renewedAfterSeconds: renewal(service),
    cuts: cuts(edges, name, reached.size),
  };
}

type ByCaller = ReadonlyMap<string, readonly EdgePlan[]>;

function byCaller(list: readonly EdgePlan[]): ByCaller {
  const edges = new Map<string, EdgePlan[]>();
  for (const edge of list) {
    const known = edges.get(edge.caller);
    if (known) known.push(edge);
    else edges.set(edge.caller, [edge]);
  }
  return edges;
}

/** Each service with a shortest way to it: the services through which it leads, itself last. */
function reach(edges: ByCaller, from: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  let front: readonly (readonly [string, readonly string[]])[] = [[from, []]];
  while (front.length > 0) {
    const next: (readonly [string, readonly string[]])[] = [];
    for (const [caller, way] of front) {
      for (const { callee } of edges.get(caller) ?? []) {
        if (callee === from || found.has(callee)) continue;
        const through = [...way, callee];
        found.set(callee, through);
        next.push([callee, through]);
      }
    }
    front = next;
  }
  return found;
}

/** How many it reaches without one of its own calls; a large fleet asks this for every call. */
function reachWithout(edges: ByCaller, from: string, without: string): number {
  const found = new Set([from]);
  for (const caller of found) {
    for (const { callee } of edges.get(caller) ?? []) if (caller !== from || callee !== without) found.add(callee);
  }
  return found.size - 1;
}

function cuts(edges: ByCaller, from: string, size: number): Blast['cuts'] {
  const callees = [...new Set((edges.get(from) ?? []).map(({ callee }) => callee))];
  return callees
    .map(callee => ({ call: `${from} → ${callee}`, fewer: size - reachWithout(edges, from, callee) }))
    .sort((a, b) => b.fewer - a.fewer || (a.call < b.call ? -1 : 1));
}

const callersOf = (plan: Plan, name: string): readonly string[] =>
  [...new Set(plan.edges.filter(({ callee }) => callee === name).map(({ caller }) => caller))].sort();

function renewal({ certificate }: ServicePlan): number {
  const { durationSeconds, renewBeforeSeconds, renewBeforePercentage } = certificate;
  // cert-manager renews after two thirds of the lifetime where nothing is said
  const before = renewBeforeSeconds ?? (durationSeconds * (renewBeforePercentage ?? 100 / 3)) / 100;
  return Math.round(durationSeconds - before);
}
