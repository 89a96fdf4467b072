import { type FieldPath, type KubernetesObject, type ObjectSet, objectName } from '../../objects/index.js';

export type RelationLayer = 'network' | 'identity' | 'issuance';

/** Where something that is possible differs from what is declared. */
export interface Difference {
  readonly code: DifferenceCode;
  readonly layer: RelationLayer;
  /** Who could, or could not. */
  readonly from: string;
  /** What it reaches; for issuance the name that it obtains. */
  readonly to: string;
  /** `8443/TCP`; empty where no port is concerned. */
  readonly port: string;
  /** One sentence: the counterexample. */
  readonly text: string;
  /** What makes it so, the most telling first. */
  readonly causes: readonly Cause[];
  /** The smallest change that mends it. */
  readonly change: string;
}

export type DifferenceCode =
  /** The network lets through what nobody declared. */
  | 'network-extra'
  /** The network stops a declared call. */
  | 'network-missing'
  /** A rendered object that the engine can't judge, or that a cluster would refuse. */
  | 'network-undecided'
  /** A Service does not lead to the port of a declared call. */
  | 'service-missing'
  /** A Service leads to somebody else's pods. */
  | 'service-extra'
  | 'identity-extra'
  | 'identity-missing'
  | 'issuance-extra'
  | 'issuance-missing';

export interface Cause {
  /** `NetworkPolicy shop/orders-mtls-only` */
  readonly object: string;
  /** `spec.ingress[0].from[1]`; empty for all of the object. */
  readonly path: string;
  /** Undefined where nothing was rendered. */
  readonly file: string | undefined;
  readonly line: number | undefined;
  /** Its part in it. */
  readonly text: string;
}

/** A part of a rendered object as a cause. */
export function causeAt(objects: ObjectSet, object: KubernetesObject, path: FieldPath, text: string): Cause {
  const { file, line } = objects.sourceOf(object, path);
  return { object: objectName(object), path: fieldText(path), file, line, text };
}

/** Something that was not rendered, as a cause. */
export const causeOfNothing = (object: string, text: string): Cause => ({ object, path: '', file: undefined, line: undefined, text });

/** `spec.ingress[0].from[1]`, `data["policy.json"]` */
export function fieldText(path: FieldPath): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      if (!/^\w+$/.test(part)) return `["${part}"]`;
      return index === 0 ? part : `.${part}`;
    })
    .join('');
}
