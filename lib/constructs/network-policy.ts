import type { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { NetworkPeerPlan } from '../fleet/plan.js';
import type { Plain } from './_plain.js';
import { Manifest } from './manifest.js';
import { NAMESPACE_NAME_LABEL } from './names.js';

export interface NetworkPort {
  /** Port of the pod. */
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}

type PolicyPeer = Plain<k8s.NetworkPolicyPeer>;

interface Rule {
  readonly peers: readonly PolicyPeer[];
  readonly ports: readonly NetworkPort[];
}

/**
 * Which peers may use which ports. Peers share a rule only where their sets of ports are identical: a rule allows
 * every peer on every port, so anything looser would open calls that nobody declared.
 */
export class NetworkRules {
  /** By the text of a peer: the ports that it may use, sorted by their text and without twins. */
  private readonly portsOf = new Map<string, { readonly peer: NetworkPeerPlan; readonly ports: PortEntry[] }>();

  get isEmpty(): boolean {
    return this.portsOf.size === 0;
  }

  /** No peers or no ports: nothing is allowed, since an empty list in a rule would mean all of them. */
  allow(peers: readonly NetworkPeerPlan[], ports: readonly NetworkPort[]): void {
    if (ports.length === 0) return;
    for (const peer of peers) {
      const key = peerKey(peer);
      let known = this.portsOf.get(key);
      if (known === undefined) {
        known = { peer, ports: [] };
        this.portsOf.set(key, known);
      }
      for (const port of ports) addPort(known.ports, port);
    }
  }

  /** Sorted by port, then by peer. */
  rules(): readonly Rule[] {
    const groups = new Map<string, { peers: PolicyPeer[]; ports: NetworkPort[] }>();
    for (const [, { peer, ports }] of [...this.portsOf].sort(byKey)) {
      const key = ports.length === 1 && ports[0] !== undefined ? ports[0][0] : ports.map(([port]) => port).join(' ');
      const group = groups.get(key);
      if (group) group.peers.push(networkPeer(peer));
      else groups.set(key, { peers: [networkPeer(peer)], ports: ports.map(([, port]) => port) });
    }
    return [...groups].sort(byKey).map(([, group]) => group);
  }
}

type PortEntry = readonly [key: string, port: NetworkPort];

/** Keeps the list sorted; the last of two equal ports counts. */
function addPort(entries: PortEntry[], port: NetworkPort): void {
  const key = portKey(port);
  const place = entries.findIndex(([other]) => other >= key);
  const entry: PortEntry = [key, port];
  if (place === -1) entries.push(entry);
  else entries.splice(place, entries[place]?.[0] === key ? 1 : 0, entry);
}

export interface ServiceNetworkPolicyProps {
  readonly name: string;
  readonly namespace: string;
  /** Labels that select the service's pods; at least one, since none would select every pod. */
  readonly podLabels: Readonly<Record<string, string>>;
  readonly ingress: NetworkRules;
  readonly egress: NetworkRules;
  /** Rules as the API takes them, after the others. @default none */
  readonly extraIngress?: readonly Plain<k8s.NetworkPolicyIngressRule>[];
  readonly extraEgress?: readonly Plain<k8s.NetworkPolicyEgressRule>[];
  /** @default none */
  readonly labels?: Readonly<Record<string, string>>;
}

/** What may reach the pods of one service, and what they may reach: both directions, always. */
export class ServiceNetworkPolicy extends Construct {
  constructor(scope: Construct, id: string, props: ServiceNetworkPolicyProps) {
    super(scope, id);
    if (Object.keys(props.podLabels).length === 0) {
      throw new Error(`network policy "${props.name}" has no pod labels and would select every pod\n  give it the labels of one workload`);
    }
    const ingress = [...props.ingress.rules().map(rule => ({ from: rule.peers, ports: rule.ports })), ...(props.extraIngress ?? [])];
    const egress = [...props.egress.rules().map(rule => ({ to: rule.peers, ports: rule.ports })), ...(props.extraEgress ?? [])];
    const spec: Plain<k8s.NetworkPolicySpec> = {
      podSelector: { matchLabels: props.podLabels },
      policyTypes: ['Ingress', 'Egress'],
      ...(ingress.length > 0 && { ingress }),
      ...(egress.length > 0 && { egress }),
    };
    new Manifest(this, 'network-policy', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: props.name, namespace: props.namespace, labels: { ...props.labels } },
      spec,
    });
  }
}

function networkPeer(peer: NetworkPeerPlan): PolicyPeer {
  if ('cidr' in peer) return { ipBlock: { cidr: peer.cidr, ...(peer.except.length > 0 && { except: peer.except }) } };
  return {
    namespaceSelector: { matchLabels: { [NAMESPACE_NAME_LABEL]: peer.namespace } },
    // Both selectors in one peer: as two items of the list, either would be enough.
    ...(Object.keys(peer.labels).length > 0 && { podSelector: { matchLabels: peer.labels } }),
  };
}

function peerKey(peer: NetworkPeerPlan): string {
  if ('cidr' in peer) return `cidr ${peer.cidr} ${[...peer.except].sort().join(' ')}`;
  const known = labelTexts.get(peer.labels);
  if (known !== undefined) return `pods ${peer.namespace} ${known}`;
  const labels = Object.entries(peer.labels)
    .sort(byKey)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  labelTexts.set(peer.labels, labels);
  return `pods ${peer.namespace} ${labels}`;
}

/** The same labels are asked for once for every call of a service. */
const labelTexts = new WeakMap<object, string>();

/** Padded, so that the order of the texts is the order of the numbers. */
function portKey(port: NetworkPort): string {
  const keys = portKeys[port.protocol];
  const known = keys.get(port.port);
  if (known !== undefined) return known;
  const key = `${String(port.port).padStart(5, '0')}/${port.protocol}`;
  keys.set(port.port, key);
  return key;
}

/** At most 65,535 each: a fleet has a handful of ports, asked for at every call. */
const portKeys: Readonly<Record<NetworkPort['protocol'], Map<number, string>>> = { TCP: new Map(), UDP: new Map() };

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}
