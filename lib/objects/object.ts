/** Where a rendered document begins. */
export interface ObjectSource {
  readonly file: string;
  /** 1-based line of the document's first field. */
  readonly line: number;
}

/** A field in its file: 1-based line and columns of its key, or of the item of a list. */
export interface Place extends ObjectSource {
  readonly column: number;
  /** Column after the last character, on the same line. */
  readonly endColumn: number;
}

/** A rendered Kubernetes object as it was read; only what every object has is typed. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** Keys and indices from the root of an object. */
export type FieldPath = readonly (string | number)[];

/** Objects that can't be read. The message names the file and the line; `code` is for `explain`. */
export class ObjectsError extends Error {
  override readonly name = 'ObjectsError';
  readonly code = 'OBJECTS_UNREADABLE';

  constructor(
    readonly source: ObjectSource,
    readonly problem: string,
  ) {
    super(`${source.file}:${source.line} ${problem}`);
  }
}

/** `group` of `group/version`; empty for the core group. */
export function apiGroup(object: { readonly apiVersion: string }): string {
  const slash = object.apiVersion.indexOf('/');
  return slash < 0 ? '' : object.apiVersion.slice(0, slash);
}

/** `Certificate shop/orders-tls`, as messages name an object. */
export function objectName(object: KubernetesObject): string {
  const { name, namespace } = object.metadata;
  return `${object.kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path, or undefined where the path ends early. */
export function valueAt(object: unknown, path: FieldPath): unknown {
  let value = object;
  for (let index = 0; index < path.length; index++) {
    const part = path[index] ?? '';
    if (typeof part === 'number') value = Array.isArray(value) ? value[part] : undefined;
    else value = isRecord(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }
  return value;
}

/** The object when it has what every Kubernetes object has, else what is missing. */
export function parseObject(value: unknown): KubernetesObject | string {
  if (!isRecord(value))
    return `is ${value === null ? 'empty' : `a ${Array.isArray(value) ? 'list' : typeof value}`}, expected a Kubernetes object`;
  for (const field of ['apiVersion', 'kind']) {
    const found = value[field];
    if (typeof found !== 'string' || found === '') return `has no ${field}, expected a Kubernetes object`;
  }
  const name = valueAt(value, ['metadata', 'name']);
  if (typeof name !== 'string' || name === '') return `has no metadata.name, expected a Kubernetes object (${String(value.kind)})`;
  const namespace = valueAt(value, ['metadata', 'namespace']);
  if (namespace !== undefined && typeof namespace !== 'string')
    return `has a metadata.namespace that is no text (${String(value.kind)} ${name})`;
  return value as KubernetesObject;
}
