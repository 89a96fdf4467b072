import { type FieldPath, isRecord, type KubernetesObject, valueAt } from '../../objects/index.js';
import { labelsOf, type PodShape } from './pods.js';
import { isProtocol, type Protocol } from './ports.js';
import { namespaceOf } from './read-policy.js';

/** One port of a Service. */
export interface ServicePort {
  readonly path: FieldPath;
  /** Number or name to which it leads. */
  readonly text: string;
  /** The port of a pod to which it leads; undefined where the pod has no port of that name. */
  readonly target: (pod: PodShape) => number | undefined;
}

/** The entry of a Service for a port; a headless one translates nothing. */
export function servicePort(service: KubernetesObject, port: number, protocol: Protocol): ServicePort | undefined {
  const ports = valueAt(service, ['spec', 'ports']);
  const list: readonly unknown[] = Array.isArray(ports) ? ports : [];
  const index = list.findIndex(
    entry => isRecord(entry) && entry.port === port && (entry.protocol ?? 'TCP') === protocol && isProtocol(protocol),
  );
  if (index < 0) return undefined;
  const target = valueAt(service, ['spec', 'clusterIP']) === 'None' ? port : (valueAt(list[index], ['targetPort']) ?? port);
  return {
    path: ['spec', 'ports', index],
    text: String(target),
    target: pod =>
      typeof target === 'number' ? target : pod.ports.find(known => known.name === target && known.protocol === protocol)?.port,
  };
}

/** Whether a Service selects a pod; undefined for one without a selector, whose endpoints somebody else writes. */
export function serviceSelects(service: KubernetesObject): ((pod: PodShape) => boolean) | undefined {
  const selector = labelsOf(valueAt(service, ['spec', 'selector']));
  const entries = Object.entries(selector);
  if (entries.length === 0) return undefined;
  return ({ namespace, labels }) => namespace === namespaceOf(service) && entries.every(([key, value]) => labels[key] === value);
}
