import {
  type Environment,
  environmentsOf,
  type Fleet,
  type Mode,
  type Plan,
  resolve,
  type Service,
  type ServicePlan,
} from '../../fleet/index.js';
import { markChecked } from '../../fleet/resolve.js';

/** A fleet in every environment and mode that a chart can have. */
export class FleetPlans {
  readonly fleet: Fleet;
  readonly environments: readonly string[];
  /** Modes that `global.mtls.mode` may have; the first is the default. */
  readonly modes: readonly ChartMode[];
  private readonly plans = new Map<string, Plan>();
  private readonly services = new Map<string, ReadonlyMap<string, ServicePlan>>();

  constructor(fleet: Fleet) {
    this.fleet = fleet;
    this.environments = environmentsOf(fleet);
    const declared = new Set(this.environments.flatMap(environment => modesOf(this.plan(environment))));
    const [only] = declared;
    const first: ChartMode = declared.size === 1 && only !== undefined ? only : 'declared';
    this.modes = [first, ...MODES.filter(mode => mode !== first)];
  }

  /** The plan of an environment as fleet.yaml says it. */
  plan(environment: string): Plan {
    const known = this.plans.get(environment);
    if (known) return known;
    const plan = resolve(this.fleet, environment);
    this.plans.set(environment, plan);
    this.services.set(environment, new Map(plan.services.map(service => [service.name, service])));
    return plan;
  }

  service(environment: string, name: string): ServicePlan {
    this.plan(environment);
    const service = this.services.get(environment)?.get(name);
    if (service === undefined) throw new Error(`environment "${environment}" has no service "${name}"`);
    return service;
  }
}

/** `declared`: each service and call as the fleet says. */
export type ChartMode = Mode | 'declared';

const MODES: readonly Mode[] = ['strict', 'permissive', 'audit', 'disabled'];

/** Modes of whatever carries TLS. */
function modesOf(plan: Plan): Mode[] {
  const ports = plan.services.flatMap(service => service.ports.filter(port => port.tls).map(port => port.mode));
  const tls = new Set(plan.services.flatMap(service => service.ports.filter(port => port.tls).map(port => `${service.name}:${port.name}`)));
  const edges = plan.edges.filter(edge => tls.has(`${edge.callee}:${edge.port}`)).map(edge => edge.mode);
  return [...ports, ...edges, ...plan.services.map(service => service.mode)];
}

/** The fleet with one mode everywhere; a plain port beside each one with TLS where the mode needs it. */
export function withMode(fleet: Fleet, mode: ChartMode): Fleet {
  if (mode === 'declared') return fleet;
  const services = Object.entries(fleet.services).map(([name, service]) => [name, serviceWithMode(service, mode)] as const);
  const environments = Object.entries(fleet.environments).map(
    ([name, environment]) => [name, environmentWithoutMode(environment)] as const,
  );
  const externals = Object.entries(fleet.externals ?? {}).map(
    ([name, external]) => [name, { ...external, ...(external.calls && { calls: external.calls.map(callWithoutMode) }) }] as const,
  );
  return markChecked({
    ...fleet,
    mode,
    services: Object.fromEntries(services),
    environments: Object.fromEntries(environments),
    ...(fleet.externals && { externals: Object.fromEntries(externals) }),
  });
}

function serviceWithMode({ mode: _, ...service }: Service, mode: Mode): Service {
  return {
    ...service,
    ...(service.calls && { calls: service.calls.map(callWithoutMode) }),
    ...(mode === 'permissive' && service.ports && { ports: withPlainPorts(service.ports) }),
  };
}

type Ports = NonNullable<Service['ports']>;
type Call = NonNullable<Service['calls']>[number];

const callWithoutMode = (call: Call): Call => (typeof call === 'string' ? call : call.to);

function environmentWithoutMode({ mode: _, ...environment }: Environment): Environment {
  if (environment.services === undefined) return environment;
  const services = Object.entries(environment.services).map(([name, { mode: __, ...override }]) => [name, override] as const);
  return { ...environment, services: Object.fromEntries(services) };
}

/** Ports that carry mutual TLS, and so have a plain one beside them in mode permissive. */
const WITH_TLS: readonly (string | undefined)[] = ['https', 'grpc', 'tcp', undefined];

/** 10000 above the port with TLS, or the next one that is free: a number that a person can find again. */
function withPlainPorts(ports: Ports): Ports {
  const taken = new Set(Object.values(ports).flatMap(port => [port.port, port.targetPort ?? port.port, port.plainPort ?? 0]));
  const result: Record<string, Ports[string]> = {};
  for (const [name, port] of Object.entries(ports)) {
    if (port.plainPort !== undefined || !WITH_TLS.includes(port.protocol)) {
      result[name] = port;
      continue;
    }
    let plainPort = (port.targetPort ?? port.port) + 10_000;
    while (plainPort > 65_535 || taken.has(plainPort)) plainPort = plainPort > 65_535 ? 10_000 : plainPort + 1;
    taken.add(plainPort);
    result[name] = { ...port, plainPort };
  }
  return result;
}
