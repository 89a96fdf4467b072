import { Construct } from 'constructs';
import type { NetworkPeerPlan, Plan, ServicePlan } from '../fleet/plan.js';
import { type Graph, graphOf } from '../fleet/plan-graph.js';
import type { NonEmpty } from '../fleet/types.js';
import { Manifest } from './manifest.js';
import { defaultDenyName, fleetLabels, fleetSelector, networkPolicyName, serviceLabels } from './names.js';
import { type NetworkPort, NetworkRules, ServiceNetworkPolicy } from './network-policy.js';
import type { FleetOptions } from './options.js';
import { type Part, wholeOf } from './part.js';

export interface NetworkProps {
  readonly plan: Plan;
  /** @default all services */
  readonly part?: Part | undefined;
  /** @default none */
  readonly options?: FleetOptions | undefined;
}

/** Only declared calls reach a port: a NetworkPolicy for each service, in both directions, above a default deny. */
export class Network extends Construct {
  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    const { plan, part = wholeOf(plan), options } = props;
    if (!plan.network.policies) return;
    const graph = graphOf(plan);
    for (const service of part.services) {
      new ServiceNetworkPolicy(this, service.name, {
        name: networkPolicyName(service),
        namespace: service.namespace,
        podLabels: service.selectorLabels,
        ingress: ingressRules(service, graph),
        egress: egressRules(plan, service, graph),
        labels: serviceLabels(plan, service),
        ...options?.services?.[service.name]?.networkPolicy,
      });
    }
    if (!part.last) return;
    // The deny comes last: applied first, it would cut the calls that the policies above allow.
    for (const namespace of plan.namespaces) {
      new DefaultDeny(this, `default deny ${namespace}`, {
        name: defaultDenyName(plan),
        namespace,
        podLabels: plan.network.ownsNamespaces ? 'all pods' : fleetSelector(plan),
        labels: fleetLabels(plan),
      });
    }
  }
}

export interface DefaultDenyProps {
  readonly name: string;
  readonly namespace: string;
  /** Pods that may talk to nobody unless another policy says so. */
  readonly podLabels: Readonly<Record<string, string>> | 'all pods';
  /** @default none */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Denies both directions to the pods that it selects. */
export class DefaultDeny extends Construct {
  constructor(scope: Construct, id: string, props: DefaultDenyProps) {
    super(scope, id);
    new Manifest(this, 'network-policy', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: props.name, namespace: props.namespace, labels: { ...props.labels } },
      spec: {
        podSelector: props.podLabels === 'all pods' ? {} : { matchLabels: props.podLabels },
        policyTypes: ['Ingress', 'Egress'],
      },
    });
  }
}

function ingressRules(service: ServicePlan, graph: Graph): NetworkRules {
  const rules = new NetworkRules();
  for (const edge of graph.incoming(service.name)) {
    rules.allow([podsOf(graph.service(edge.caller))], openPorts(graph.port(edge), edge.mode));
  }
  for (const edge of graph.incomingExternal(service.name)) {
    rules.allow(graph.external(edge.external).peers, openPorts(graph.portOf(service.name, edge.port), edge.mode));
  }
  return rules;
}

function egressRules(plan: Plan, service: ServicePlan, graph: Graph): NetworkRules {
  const rules = new NetworkRules();
  for (const edge of graph.outgoing(service.name)) {
    rules.allow([podsOf(graph.service(edge.callee))], openPorts(graph.port(edge), edge.mode));
  }
  for (const edge of graph.outgoingExternal(service.name)) {
    const external = graph.external(edge.external);
    const port = external.ports.find(candidate => candidate.name === edge.port);
    if (!port) throw new Error(`the plan has a call to port "${edge.external}:${edge.port}", which it does not hold`);
    rules.allow(external.peers, [{ port: port.port, protocol: port.transport }]);
  }
  // Who calls nobody has no name to look up, and DNS is a way out.
  if (!rules.isEmpty) rules.allow(plan.network.dns, plan.network.dnsPorts);
  return rules;
}

function podsOf(service: ServicePlan): NetworkPeerPlan {
  return { namespace: service.namespace, labels: service.selectorLabels };
}

/** The pod's ports, not the Service's: a policy is applied after the address was translated. */
function openPorts(
  port: { readonly targetPort: number; readonly plainPort: number | undefined; readonly transport: NetworkPort['protocol'] },
  mode: string,
): NonEmpty<NetworkPort> {
  const secure: NetworkPort = { port: port.targetPort, protocol: port.transport };
  if (mode !== 'permissive' || port.plainPort === undefined) return [secure];
  return [secure, { port: port.plainPort, protocol: port.transport }];
}
