import type { EdgePlan, ExternalEdgePlan, ExternalPlan, Plan, PortPlan, ServicePlan } from './plan.js';

/** The edges of a plan by who calls and who is called: made in one pass, so that planes and checks stay linear in the size of the fleet. */
export interface Graph {
  service(name: string): ServicePlan;
  external(name: string): ExternalPlan;
  /** The callee's port of an edge. */
  port(edge: EdgePlan): PortPlan;
  /** The service's port of a call that comes from outside. */
  portOf(service: string, port: string): PortPlan;
  /** Edges whose callee is this service. */
  incoming(service: string): readonly EdgePlan[];
  /** Edges whose caller is this service. */
  outgoing(service: string): readonly EdgePlan[];
  incomingExternal(service: string): readonly ExternalEdgePlan[];
  outgoingExternal(service: string): readonly ExternalEdgePlan[];
}

// One graph a plan, however many planes and checks ask for it.
const graphs = new WeakMap<Plan, Graph>();

export function graphOf(plan: Plan): Graph {
  const known = graphs.get(plan);
  if (known) return known;
  const graph = makeGraph(plan);
  graphs.set(plan, graph);
  return graph;
}

function makeGraph(plan: Plan): Graph {
  const services = new Map(plan.services.map(service => [service.name, service]));
  const externals = new Map(plan.externals.map(external => [external.name, external]));
  const incoming = groupBy(plan.edges, edge => edge.callee);
  const outgoing = groupBy(plan.edges, edge => edge.caller);
  const incomingExternal = groupBy(plan.externalEdges, edge => (edge.direction === 'in' ? edge.service : undefined));
  const outgoingExternal = groupBy(plan.externalEdges, edge => (edge.direction === 'out' ? edge.service : undefined));

  // a handful of ports: a search costs less than a map for each service
  const portOf = (service: string, name: string) => {
    const port = services.get(service)?.ports.find(candidate => candidate.name === name);
    return port ?? missing(`port "${service}:${name}"`);
  };
  return {
    service: name => services.get(name) ?? missing(`service "${name}"`),
    external: name => externals.get(name) ?? missing(`external "${name}"`),
    port: edge => portOf(edge.callee, edge.port),
    portOf,
    incoming: service => incoming.get(service) ?? [],
    outgoing: service => outgoing.get(service) ?? [],
    incomingExternal: service => incomingExternal.get(service) ?? [],
    outgoingExternal: service => outgoingExternal.get(service) ?? [],
  };
}

function groupBy<T>(items: readonly T[], key: (item: T) => string | undefined): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    if (name === undefined) continue;
    const group = groups.get(name);
    if (group) group.push(item);
    else groups.set(name, [item]);
  }
  return groups;
}

function missing(what: string): never {
  throw new Error(`the plan has an edge to ${what}, which it does not hold\n  make the plan with resolve()`);
}
