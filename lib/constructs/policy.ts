import { Construct } from 'constructs';
import type { EdgePlan, Plan, ServicePlan } from '../fleet/plan.js';
import { type Graph, graphOf } from '../fleet/plan-graph.js';
import type { Policy as AllowList, PolicyClientPeer, PolicyServerPort } from '../fleet/policy.js';
import { Manifest } from './manifest.js';
import { policyConfigMapName, serviceLabels } from './names.js';
import { type Part, wholeOf } from './part.js';

/** Key of the ConfigMap, and name of the file beside the certificate. */
export const POLICY_FILE = 'policy.json';

export interface PolicyProps {
  readonly plan: Plan;
  /** @default all services */
  readonly part?: Part | undefined;
}

/** `policy.json` for each service: the allow-list that its process enforces after the handshake. */
export class Policy extends Construct {
  constructor(scope: Construct, id: string, props: PolicyProps) {
    super(scope, id);
    const { plan } = props;
    const graph = graphOf(plan);
    for (const service of (props.part ?? wholeOf(plan)).services) {
      new PolicyConfigMap(this, service.name, {
        name: policyConfigMapName(service),
        namespace: service.namespace,
        labels: serviceLabels(plan, service),
        policy: allowList(plan, service, graph),
      });
    }
  }
}

export interface PolicyConfigMapProps {
  readonly name: string;
  readonly namespace: string;
  readonly policy: AllowList;
  /** @default none */
  readonly labels?: Readonly<Record<string, string>>;
}

/** One allow-list as a ConfigMap, to be mounted beside the certificate. */
export class PolicyConfigMap extends Construct {
  constructor(scope: Construct, id: string, props: PolicyConfigMapProps) {
    super(scope, id);
    new Manifest(this, 'config-map', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: props.name, namespace: props.namespace, labels: { ...props.labels } },
      data: { [POLICY_FILE]: `${JSON.stringify(props.policy, null, 2)}\n` },
    });
  }
}

/** The allow-list of one service, in an order that depends on nothing but names. */
export function allowList(plan: Plan, service: ServicePlan, graph: Graph = graphOf(plan)): AllowList {
  return {
    version: 1,
    fleet: plan.fleet,
    environment: plan.environment,
    service: service.name,
    spiffeId: service.spiffeId,
    mode: service.mode,
    server: serverPorts(service, graph),
    client: clientPeers(service, graph),
  };
}

function serverPorts(service: ServicePlan, graph: Graph): PolicyServerPort[] {
  const callers = callersByPort(service, graph);
  return service.ports
    .filter(port => port.tls && port.mode !== 'disabled')
    .map(port => ({
      name: port.name,
      port: port.targetPort,
      mode: port.mode,
      ...(port.mode === 'permissive' && port.plainPort !== undefined && { plainPort: port.plainPort }),
      // services, then externals, each by name: names stay where trust domains and namespaces may change
      allow: [...(callers.get(port.name) ?? [])].map(([spiffeId, mode]) => ({ spiffeId, mode })),
    }));
}

function callersByPort(service: ServicePlan, graph: Graph): Map<string, Map<string, EdgePlan['mode']>> {
  const callers = new Map<string, Map<string, EdgePlan['mode']>>();
  const add = (port: string, spiffeId: string, mode: EdgePlan['mode']): void => {
    const known = callers.get(port);
    if (known) known.set(spiffeId, mode);
    else callers.set(port, new Map([[spiffeId, mode]]));
  };
  for (const edge of byName(graph.incoming(service.name), edge => edge.caller))
    add(edge.port, graph.service(edge.caller).spiffeId, edge.mode);
  for (const edge of byName(graph.incomingExternal(service.name), edge => edge.external)) {
    const { spiffeId } = graph.external(edge.external);
    if (spiffeId !== undefined) add(edge.port, spiffeId, edge.mode);
  }
  return callers;
}

function clientPeers(service: ServicePlan, graph: Graph): PolicyClientPeer[] {
  const peers: PolicyClientPeer[] = [];
  for (const edge of graph.outgoing(service.name)) {
    const callee = graph.service(edge.callee);
    const port = graph.port(edge);
    if (!port.tls) continue;
    peers.push({
      service: callee.name,
      name: port.name,
      // Without a cluster IP nobody translates the Service's port: the client meets the pod's own.
      port: callee.headless ? port.targetPort : port.port,
      host: callee.fqdn,
      spiffeId: callee.spiffeId,
      mode: edge.mode,
    });
  }
  return peers.sort((a, b) => compare(a.service, b.service) || compare(a.name, b.name));
}

const byName = <T>(edges: readonly T[], name: (edge: T) => string): T[] => [...edges].sort((a, b) => compare(name(a), name(b)));

// Not localeCompare: its order depends on the machine.
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
