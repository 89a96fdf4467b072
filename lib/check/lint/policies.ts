import { type FieldPath, isRecord, type KubernetesObject, type ObjectSet } from '../../objects/index.js';
import { isSet, listAt, mapAt, textsAt } from './values.js';

/** A rule of one direction. `peers` and `ports` are undefined when left out, which means all, as an empty list does. */
export interface PolicyRule {
  readonly direction: 'ingress' | 'egress';
  readonly peers: readonly PolicyPeer[] | undefined;
  readonly ports: readonly PolicyPort[] | undefined;
  readonly path: FieldPath;
  /** `from` or `to`. */
  readonly peerKey: 'from' | 'to';
}

export interface PolicyPeer {
  readonly value: Readonly<Record<string, unknown>>;
  readonly path: FieldPath;
}

export interface PolicyPort {
  readonly port: string | number | undefined;
  readonly endPort: number | undefined;
  /** TCP when left out. */
  readonly protocol: string;
  readonly explicitProtocol: boolean;
  readonly path: FieldPath;
}

export interface PolicyView {
  readonly object: KubernetesObject;
  readonly namespace: string;
  readonly podSelector: unknown;
  /** With the API's default: always Ingress, Egress only when it has egress rules. */
  readonly types: readonly string[];
  readonly explicitTypes: boolean;
  readonly ingress: readonly PolicyRule[];
  readonly egress: readonly PolicyRule[];
  /** Rules of both directions, whether they count or not. */
  readonly rules: readonly PolicyRule[];
  /** Rules of both directions that count: those of a direction that the policy does not name are ignored by Kubernetes. */
  readonly inForce: readonly PolicyRule[];
}

export function policiesOf(objects: ObjectSet): PolicyView[] {
  return objects.ofKind('NetworkPolicy', 'networking.k8s.io').map(object => {
    const spec = mapAt(object, 'spec');
    const explicit = textsAt(spec, 'policyTypes');
    const implied = listAt(spec, 'egress').length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
    const types = explicit.length > 0 ? explicit : implied;
    const ingress = rulesOf(spec, 'ingress', 'from');
    const egress = rulesOf(spec, 'egress', 'to');
    return {
      object,
      namespace: object.metadata.namespace ?? '',
      podSelector: spec.podSelector,
      types,
      explicitTypes: explicit.length > 0,
      ingress,
      egress,
      rules: [...ingress, ...egress],
      inForce: [...(types.includes('Ingress') ? ingress : []), ...(types.includes('Egress') ? egress : [])],
    };
  });
}

function rulesOf(spec: unknown, direction: PolicyRule['direction'], peerKey: PolicyRule['peerKey']): PolicyRule[] {
  return listAt(spec, direction).map((rule, index) => new Rule(rule, direction, peerKey, index));
}

/** Paths are made when a finding asks for them: most policies have none. */
class Rule implements PolicyRule {
  readonly peers: readonly PolicyPeer[] | undefined;
  readonly ports: readonly PolicyPort[] | undefined;

  constructor(
    value: unknown,
    readonly direction: PolicyRule['direction'],
    readonly peerKey: PolicyRule['peerKey'],
    private readonly index: number,
  ) {
    const peers = listAt(value, peerKey).flatMap((peer, at) => (isRecord(peer) ? [new Peer(this, peer, at)] : []));
    this.peers = isSet(value, peerKey) ? peers : undefined;
    this.ports = isSet(value, 'ports') ? listAt(value, 'ports').map((port, at) => new Port(this, mapAt(port), at)) : undefined;
  }

  get path(): FieldPath {
    return ['spec', this.direction, this.index];
  }
}

class Peer implements PolicyPeer {
  constructor(
    private readonly rule: Rule,
    readonly value: Readonly<Record<string, unknown>>,
    private readonly index: number,
  ) {}

  get path(): FieldPath {
    return [...this.rule.path, this.rule.peerKey, this.index];
  }
}

class Port implements PolicyPort {
  readonly port: string | number | undefined;
  readonly endPort: number | undefined;
  readonly protocol: string;
  readonly explicitProtocol: boolean;

  constructor(
    private readonly rule: Rule,
    { port, endPort, protocol }: Readonly<Record<string, unknown>>,
    private readonly index: number,
  ) {
    this.port = typeof port === 'number' || typeof port === 'string' ? port : undefined;
    this.endPort = typeof endPort === 'number' ? endPort : undefined;
    this.explicitProtocol = typeof protocol === 'string';
    this.protocol = typeof protocol === 'string' ? protocol : 'TCP';
  }

  get path(): FieldPath {
    return [...this.rule.path, 'ports', this.index];
  }
}

export const rulesInForce = ({ inForce }: PolicyView): readonly PolicyRule[] => inForce;

/** Whether a rule's ports take a port of a protocol. */
export function takesPort({ ports }: PolicyRule, protocol: string, number: number): boolean {
  if (ports === undefined || ports.length === 0) return true;
  return ports.some(
    ({ port, endPort, protocol: own }) =>
      own === protocol &&
      (port === undefined || port === number || (typeof port === 'number' && endPort !== undefined && port <= number && number <= endPort)),
  );
}
