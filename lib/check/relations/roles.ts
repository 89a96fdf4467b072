import type { ExternalPlan, NetworkPeerPlan, Plan, ServicePlan } from '../../fleet/plan.js';
import { Addresses, type AddressRange, type Labels, parseCidr } from '../network/index.js';

/** Whom pods stand for in the declared graph. A pod may be several of them, or none. */
export interface Roles {
  readonly services: readonly ServicePlan[];
  readonly externals: readonly ExternalPlan[];
  /** It answers questions for names. */
  readonly dns: boolean;
}

export const NO_ROLES: Roles = { services: [], externals: [], dns: false };

type PodPeer = Extract<NetworkPeerPlan, { namespace: string }>;

/** Knows the roles of pods by their namespace and labels, which is all that a network can know of them. */
export class RoleBook {
  /** Services and their labels by namespace. */
  readonly #services = new Map<string, ServicePlan[]>();

  constructor(readonly plan: Plan) {
    for (const service of plan.services) {
      const list = this.#services.get(service.namespace);
      if (list) list.push(service);
      else this.#services.set(service.namespace, [service]);
    }
  }

  /** Roles that labels alone give. */
  byLabels(namespace: string, labels: Labels): Roles {
    return {
      services: (this.#services.get(namespace) ?? []).filter(service => carries(labels, service.selectorLabels)),
      ...this.#outsiders(namespace, labels),
    };
  }

  /** Roles of pods of which it is known whether they are a service's. */
  ofWorkload(service: ServicePlan | undefined, namespace: string, labels: readonly Labels[]): Roles {
    const found = labels.map(each => this.#outsiders(namespace, each));
    return {
      services: service ? [service] : [],
      externals: [...new Set(found.flatMap(({ externals }) => externals))],
      dns: found.some(({ dns }) => dns),
    };
  }

  #outsiders(namespace: string, labels: Labels): Pick<Roles, 'externals' | 'dns'> {
    const isOne = (peers: readonly NetworkPeerPlan[]): boolean =>
      peers.some(peer => isPods(peer) && peer.namespace === namespace && carries(labels, peer.labels));
    return { externals: this.plan.externals.filter(({ peers }) => isOne(peers)), dns: isOne(this.plan.network.dns) };
  }
}

export const isPods = (peer: NetworkPeerPlan): peer is PodPeer => 'namespace' in peer;

export const carries = (labels: Labels, wanted: Labels): boolean => Object.entries(wanted).every(([key, value]) => labels[key] === value);

/** The addresses of a declared range, without its exceptions. */
export function rangesOf(peer: NetworkPeerPlan): readonly AddressRange[] {
  if (isPods(peer)) return [];
  const holes = peer.except.map(parseCidr).filter(hole => hole !== undefined);
  const range = parseCidr(peer.cidr);
  return range ? Addresses.of([range]).minus(Addresses.of(holes)).ranges : [];
}
