import { callMode, callText, carriesTls, parseCall, portNamed, portsBehind, serviceNamed, transportOf } from './calls.js';
import { contains } from './cidr.js';
import type { EdgePlan, ExternalEdgePlan, ExternalPlan, NetworkPeerPlan } from './plan.js';
import type { Environment, External, Fleet, Mode, Service } from './types.js';

/** Who calls whom in one environment, with the mode of each call. */
export interface Graph {
  readonly edges: readonly EdgePlan[];
  readonly externalEdges: readonly ExternalEdgePlan[];
  /** Services that call a port with mutual TLS: they need client auth. */
  readonly callers: ReadonlySet<string>;
  /** Services of which somebody calls a port with mutual TLS: they need server auth. */
  readonly callees: ReadonlySet<string>;
}

/** How strictly a service guards its ports in one environment. */
export function modeOf(fleet: Fleet, env: Environment, name: string, service: Service): Mode {
  return env.services?.[name]?.mode ?? service.mode ?? env.mode ?? fleet.mode ?? 'strict';
}

const graphs = new WeakMap<Environment, { readonly fleet: Fleet; readonly graph: Graph }>();

/** Made once for each environment, though rules and plan both ask. */
export function graphOf(fleet: Fleet, env: Environment): Graph {
  const known = graphs.get(env);
  if (known?.fleet === fleet) return known.graph;
  const graph = makeGraph(fleet, env);
  graphs.set(env, { fleet, graph });
  return graph;
}

function makeGraph(fleet: Fleet, env: Environment): Graph {
  const edges: EdgePlan[] = [];
  const externalEdges = new Map<string, ExternalEdgePlan>();
  const callers = new Set<string>();
  const callees = new Set<string>();

  const into = (callee: string, port: string, mode: Mode | undefined, add: (port: string, mode: Mode) => boolean): void => {
    const service = serviceNamed(fleet, callee);
    if (service === undefined) return;
    for (const reached of portsBehind(service, port)) {
      const declared = portNamed(service, reached);
      if (declared === undefined) continue;
      const tls = carriesTls(declared);
      if (add(reached, tls ? (mode ?? modeOf(fleet, env, callee, service)) : 'disabled') && tls) callees.add(callee);
    }
  };

  for (const [caller, service] of Object.entries(fleet.services)) {
    // by the text of a call: what is written out has it already
    const called = new Map<string, EdgePlan>();
    for (const call of service.calls ?? []) {
      const text = callText(call);
      const target = parseCall(text);
      if (target === undefined) continue;
      if (serviceNamed(fleet, target.name) === undefined) {
        externalEdges.set(`out ${caller} ${target.name} ${target.port}`, {
          direction: 'out',
          service: caller,
          external: target.name,
          port: target.port,
          mode: 'disabled',
        });
        continue;
      }
      into(target.name, target.port, callMode(call), (port, mode) => {
        // a call that is written out wins over one that follows from a shared container port
        const key = port === target.port ? text : `${target.name}:${port}`;
        if (port === target.port || !called.has(key)) called.set(key, { caller, callee: target.name, port, mode });
        if (mode !== 'disabled') callers.add(caller);
        return mode !== 'disabled';
      });
    }
    for (const edge of called.values()) edges.push(edge);
  }
  for (const [name, external] of Object.entries(fleet.externals ?? {})) {
    for (const call of external.calls ?? []) {
      for (const [service, port] of expand(fleet, callText(call))) {
        into(service, port, callMode(call), (reached, mode) => {
          externalEdges.set(`in ${service} ${name} ${reached}`, { direction: 'in', service, external: name, port: reached, mode });
          return mode !== 'disabled';
        });
      }
    }
  }
  return {
    edges: edges.sort((a, b) => compare(a.caller, b.caller) || compare(a.callee, b.callee) || compare(a.port, b.port)),
    externalEdges: [...externalEdges.values()].sort(
      (a, b) =>
        compare(a.direction, b.direction) || compare(a.service, b.service) || compare(a.external, b.external) || compare(a.port, b.port),
    ),
    callers,
    callees,
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** `*:metrics` stands for every port of protocol metrics. */
function expand(fleet: Fleet, call: string): (readonly [service: string, port: string])[] {
  const target = parseCall(call);
  if (target === undefined) return [];
  if (target.name !== '*') return [[target.name, target.port]];
  return Object.entries(fleet.services).flatMap(([name, service]) =>
    Object.entries(service.ports ?? {}).flatMap(([port, declared]): (readonly [string, string])[] =>
      declared.protocol === 'metrics' ? [[name, port]] : [],
    ),
  );
}

/** Where the externals are, sorted by name. */
export function externalsOf(fleet: Fleet): ExternalPlan[] {
  return Object.entries(fleet.externals ?? {})
    .map(([name, external]) => planExternal(name, external))
    .sort((a, b) => compare(a.name, b.name));
}

function planExternal(name: string, external: External): ExternalPlan {
  const { at } = external;
  const peers: readonly NetworkPeerPlan[] =
    'namespace' in at
      ? [{ namespace: at.namespace, labels: at.labels ?? {} }]
      : at.cidrs.map(cidr => ({ cidr, except: exceptOf(cidr, at.except ?? []) }));
  return {
    name,
    peers,
    spiffeId: external.spiffeId,
    ports: Object.entries(external.ports ?? {}).map(([port, declared]) => ({
      name: port,
      port: declared.port,
      transport: transportOf({ port: declared.port, protocol: declared.protocol ?? 'tcp' }),
    })),
  };
}

/** Kubernetes wants each exception inside of the range beside which it stands. */
const exceptOf = (cidr: string, except: readonly string[]): string[] => except.filter(range => contains(cidr, range));
