import type { FieldPath, KubernetesObject, ObjectSet } from '../../objects/index.js';
import { objectName } from '../../objects/index.js';

/** Something rendered that is not as the plan has it. */
export interface ManifestFinding {
  readonly code: ManifestCode;
  /** `issuance`: which certificate is issued. `identity`: who is let in by it. */
  readonly layer: 'issuance' | 'identity';
  /** Undefined for what belongs to the fleet as a whole. */
  readonly service: string | undefined;
  /** The call that it breaks or makes possible. */
  readonly edge: { readonly caller: string; readonly callee: string; readonly port: string } | undefined;
  /** `Certificate shop/cart-tls` */
  readonly object: string;
  /** Field of the object, such as `spec.duration`; empty where all of it is missing or too much. */
  readonly path: string;
  readonly found: string;
  readonly expected: string;
  /** Undefined where nothing was rendered. */
  readonly file: string | undefined;
  readonly line: number | undefined;
}

export type ManifestCode =
  | 'certificate-missing'
  | 'certificate-unexpected'
  | 'certificate-field'
  | 'secret-name-duplicate'
  | 'spiffe-id-duplicate'
  | 'issuer-missing'
  | 'issuer-field'
  | 'policy-missing'
  | 'policy-unexpected'
  | 'policy-unreadable'
  | 'policy-field'
  | 'policy-port-missing'
  | 'policy-port-unexpected'
  | 'policy-caller-missing'
  | 'policy-caller-unexpected'
  | 'policy-callee-missing'
  | 'policy-callee-unexpected';

type Edge = NonNullable<ManifestFinding['edge']>;

export interface Difference {
  readonly code: ManifestCode;
  readonly layer: ManifestFinding['layer'];
  readonly service?: string | undefined;
  readonly edge?: Edge | undefined;
  readonly path?: FieldPath;
  readonly found: string;
  readonly expected: string;
}

/** A finding at an object, or at one of its fields. */
export function findingAt(objects: ObjectSet, object: KubernetesObject, difference: Difference): ManifestFinding {
  const { path = [], service, edge, ...rest } = difference;
  return { ...rest, service, edge, object: objectName(object), path: pathText(path), ...objects.sourceOf(object, path) };
}

/** A finding about an object that was not rendered. */
export function findingMissing(object: string, difference: Omit<Difference, 'found' | 'path'>): ManifestFinding {
  const { service, edge, ...rest } = difference;
  return { ...rest, service, edge, object, path: '', found: 'nothing', file: undefined, line: undefined };
}

/** `spec.privateKey.size`, `data["policy.json"]` */
function pathText(path: FieldPath): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      if (!/^\w+$/.test(part)) return `["${part}"]`;
      return index === 0 ? part : `.${part}`;
    })
    .join('');
}

/** A value as findings show it: lists as sets, for their order means nothing in the fields that are compared. */
export function valueText(value: unknown): string {
  if (value === undefined) return 'unset';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : [...value].map(String).sort().join(', ');
  return typeof value === 'string' ? value : stableJson(value);
}

function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
