import { isRecord, type KubernetesObject, type ObjectSet } from '../../objects/index.js';
import { listAt, mapAt, textAt } from './values.js';

export interface ServiceView {
  readonly object: KubernetesObject;
  readonly namespace: string;
  readonly name: string;
  /** Empty for a Service whose endpoints somebody else keeps. */
  readonly selector: Readonly<Record<string, unknown>>;
  readonly clusterIP: string;
  readonly ports: readonly { readonly port: number; readonly targetPort: string | number; readonly protocol: string }[];
}

export function servicesOf(objects: ObjectSet): ServiceView[] {
  return objects.ofKind('Service', '').map(object => ({
    object,
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name,
    selector: mapAt(object, 'spec', 'selector'),
    clusterIP: textAt(object, 'spec', 'clusterIP'),
    ports: listAt(object, 'spec', 'ports').flatMap(port => {
      if (!isRecord(port) || typeof port.port !== 'number') return [];
      const { targetPort } = port;
      const target = typeof targetPort === 'number' || typeof targetPort === 'string' ? targetPort : port.port;
      return [{ port: port.port, targetPort: target, protocol: textAt(port, 'protocol') || 'TCP' }];
    }),
  }));
}

/** Whether a Service sends to pods with these labels. */
export function servesPods({ selector }: ServiceView, labels: Readonly<Record<string, unknown>>): boolean {
  const keys = Object.keys(selector);
  return keys.length > 0 && keys.every(key => labels[key] === selector[key]);
}
