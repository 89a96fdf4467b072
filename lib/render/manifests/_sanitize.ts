/** True for plain objects only: a Lazy, a Date or a class instance is none. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && value.constructor === Object;
}

/** JSON alone, through and through: nothing that cdk8s would resolve or refuse. */
export function isPlain(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  if (Array.isArray(value)) return value.every(isPlain);
  if (!isRecord(value)) return false;
  for (const key in value) if (!isPlain(value[key])) return false;
  return true;
}

/** What cdk8s makes of a metadata value: nothing where it is null, an empty list or an empty map. The same object where nothing is to be left out. */
export function withoutEmpty(value: unknown): unknown {
  return isRecord(value) && holdsEmpty(value) ? cleaned(value) : value;
}

/** Null is no reason to copy: the writer leaves it out of every map anyway. */
function holdsEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0 || value.some(holdsEmpty);
  if (!isRecord(value)) return false;
  let empty = true;
  for (const key in value) {
    const child = value[key];
    if (child === null || child === undefined) continue;
    if (typeof child === 'object' && holdsEmpty(child)) return true;
    empty = false;
  }
  return empty;
}

function cleaned(value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(cleaned);
  if (!isRecord(value)) return value;
  const kept: [string, unknown][] = [];
  for (const key of Object.keys(value)) {
    const child = cleaned(value[key]);
    if (child !== null && child !== undefined) kept.push([key, child]);
  }
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

/** The data as `ApiObject.toJson` gives it: sorted, without null, apiVersion, kind and metadata first. */
export function orderObject(object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const sorted = sortedCopy({ ...object, metadata: withoutEmpty(object.metadata) });
  if (!isRecord(sorted)) return {};
  const { apiVersion, kind, metadata, ...rest } = sorted;
  const first = Object.entries({ apiVersion, kind, metadata }).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(first), ...rest };
}

function sortedCopy(value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(sortedCopy);
  if (!isRecord(value)) throw new Error(`can't render non-simple object of type '${value.constructor?.name}'`);
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) {
    const child = sortedCopy(value[key]);
    if (child !== null && child !== undefined) copy[key] = child;
  }
  return copy;
}
