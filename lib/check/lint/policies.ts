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
      inForce: [...(types.includes('Ingress') ? ingress : []), ...(types.includes('Egress') ? egress : [])],
    };
  });
}

function rulesOf(spec: unknown, direction: PolicyRule['direction'], peerKey: PolicyRule['peerKey']): PolicyRule[] {
  return listAt(spec, direction).map((rule, index) => {
    const path = ['spec', direction, index];
    const peers = listAt(rule, peerKey).flatMap((value, at) => (isRecord(value) ? [{ value, path: [...path, peerKey, at] }] : []));
    const ports = listAt(rule, 'ports').map((value, at) => portOf(value, [...path, 'ports', at]));
    return { direction, path, peerKey, peers: isSet(rule, peerKey) ? peers : undefined, ports: isSet(rule, 'ports') ? ports : undefined };
  });
}

function portOf(value: unknown, path: FieldPath): PolicyPort {
  const { port, endPort, protocol } = mapAt(value);
  return {
    port: typeof port === 'number' || typeof port === 'string' ? port : undefined,
    endPort: typeof endPort === 'number' ? endPort : undefined,
    protocol: typeof protocol === 'string' ? protocol : 'TCP',
    explicitProtocol: typeof protocol === 'string',
    path,
  };
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
