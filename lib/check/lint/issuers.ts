import type { KubernetesObject, ObjectSet } from '../../objects/index.js';
import { isSet, mapAt } from './values.js';

export type IssuerType = 'acme' | 'ca' | 'selfSigned' | 'vault' | 'venafi';

const TYPES: readonly IssuerType[] = ['acme', 'ca', 'selfSigned', 'vault', 'venafi'];

export interface IssuerView {
  readonly object: KubernetesObject;
  readonly kind: 'Issuer' | 'ClusterIssuer';
  readonly name: string;
  /** Undefined for a ClusterIssuer. */
  readonly namespace: string | undefined;
  /** Undefined when it has none, which the schema reports. */
  readonly type: IssuerType | undefined;
  /** Fields of its type. */
  readonly config: Readonly<Record<string, unknown>>;
}

export function issuersOf(objects: ObjectSet): IssuerView[] {
  return (['Issuer', 'ClusterIssuer'] as const).flatMap(kind =>
    objects.ofKind(kind, 'cert-manager.io').map(object => {
      const type = TYPES.find(name => isSet(object, 'spec', name));
      return {
        object,
        kind,
        name: object.metadata.name,
        namespace: kind === 'Issuer' ? (object.metadata.namespace ?? '') : undefined,
        type,
        config: type === undefined ? {} : mapAt(object, 'spec', type),
      };
    }),
  );
}
