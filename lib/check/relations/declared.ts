import type { EdgePlan, ExternalPlan, NetworkPeerPlan, Plan, PortPlan, ServicePlan } from '../../fleet/plan.js';
import { Ports } from '../network/index.js';
import type { Roles } from './roles.js';

/** The declared calls as the network has to let them through: ports of pods, by who calls and who is called. */
export class DeclaredNetwork {
  readonly #edges = new Map<string, Ports>();
  readonly #in = new Map<string, Ports>();
  readonly #out = new Map<string, Ports>();
  /** Services that call somebody, and so have names to look up. */
  readonly #callers = new Set<string>();
  readonly #dns: Ports;
  readonly edges: readonly { readonly edge: EdgePlan; readonly ports: Ports }[];

  constructor(readonly plan: Plan) {
    const services = new Map(plan.services.map(service => [service.name, service]));
    const externals = new Map(plan.externals.map(external => [external.name, external]));
    const portOf = (service: string, port: string) => services.get(service)?.ports.find(({ name }) => name === port);
    this.edges = plan.edges.map(edge => ({ edge, ports: podPorts(portOf(edge.callee, edge.port), edge.mode) }));
    for (const { edge, ports } of this.edges) {
      add(this.#edges, pair(edge.caller, edge.callee), ports);
      this.#callers.add(edge.caller);
    }
    for (const { direction, external, service, port, mode } of plan.externalEdges) {
      if (direction === 'in') {
        add(this.#in, pair(external, service), podPorts(portOf(service, port), mode));
        continue;
      }
      const declared = externals.get(external)?.ports.find(({ name }) => name === port);
      if (declared) add(this.#out, pair(service, external), Ports.of(declared.transport, declared.port));
      this.#callers.add(service);
    }
    this.#dns = Ports.union(plan.network.dnsPorts.map(({ port, protocol }) => Ports.of(protocol, port)));
  }

  between(from: Roles, to: Roles): Ports {
    let ports = Ports.NONE;
    for (const caller of from.services) {
      for (const callee of to.services) ports = ports.union(this.#edges.get(pair(caller.name, callee.name)) ?? Ports.NONE);
      for (const external of to.externals) ports = ports.union(this.outgoing(caller, external));
      if (to.dns) ports = ports.union(this.dns(caller));
    }
    for (const external of from.externals) for (const callee of to.services) ports = ports.union(this.incoming(external, callee));
    return ports;
  }

  incoming(external: ExternalPlan, service: ServicePlan): Ports {
    return this.#in.get(pair(external.name, service.name)) ?? Ports.NONE;
  }

  outgoing(service: ServicePlan, external: ExternalPlan): Ports {
    return this.#out.get(pair(service.name, external.name)) ?? Ports.NONE;
  }

  dns(service: ServicePlan): Ports {
    return this.#callers.has(service.name) ? this.#dns : Ports.NONE;
  }

  /** Ranges of addresses outside with which a service may speak, each with its ports. */
  outside(
    service: ServicePlan,
    direction: 'ingress' | 'egress',
  ): readonly { readonly peer: NetworkPeerPlan; readonly name: string; readonly ports: Ports }[] {
    const of = (external: ExternalPlan): Ports =>
      direction === 'ingress' ? this.incoming(external, service) : this.outgoing(service, external);
    const calls = this.plan.externals.flatMap(external => external.peers.map(peer => ({ peer, name: external.name, ports: of(external) })));
    const dns = direction === 'egress' ? this.plan.network.dns.map(peer => ({ peer, name: 'DNS', ports: this.dns(service) })) : [];
    return [...calls, ...dns].filter(({ ports }) => !ports.isEmpty);
  }
}

/** As policies see it: the port of the pod, not that of the Service; and the plain one where a call may be plain. */
function podPorts(port: PortPlan | undefined, mode: string): Ports {
  if (!port) return Ports.NONE;
  const secure = Ports.of(port.transport, port.targetPort);
  return mode === 'permissive' && port.plainPort !== undefined ? secure.union(Ports.of(port.transport, port.plainPort)) : secure;
}

const pair = (from: string, to: string): string => `${from} ${to}`;

function add(map: Map<string, Ports>, key: string, ports: Ports): void {
  map.set(key, (map.get(key) ?? Ports.NONE).union(ports));
}
