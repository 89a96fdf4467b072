/** Keys and indices from the root of the object; a missing field's own name is its last part. */
export type ObjectPath = (string | number)[];

/** What is wrong, in the classes of Kubernetes' own field errors, and two that it has no class for. */
export type ProblemKind = 'unknownKind' | 'unknownField' | 'required' | 'invalid' | 'notSupported' | 'tooLong' | 'forbidden' | 'duplicate';

/** One thing for which the API server or an admission webhook would refuse the object, or quietly lose a part of it. */
export interface SchemaProblem {
  readonly kind: ProblemKind;
  readonly path: ObjectPath;
  /** What is wrong: lower case, no full stop. */
  readonly message: string;
  /** What stands there, shortened; never the content of a Secret, a password or a PEM text. */
  readonly found: string;
  readonly expected: string;
}

/** Longer texts are cut in messages: 60 characters hold any DNS name that fits a label and any duration. */
const SHOWN_CHARACTERS = 60;

/** A value as a message shows it. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 1 ? 'a list of 1' : `a list of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  if (typeof value !== 'string') return String(value);
  if (value.includes('-----BEGIN')) return 'a PEM text';
  return value.length <= SHOWN_CHARACTERS
    ? JSON.stringify(value)
    : `${JSON.stringify(value.slice(0, SHOWN_CHARACTERS))}… (${value.length} characters)`;
}

/** Like `describe`, but silent about what must not be printed at all. */
export function describeAt(kind: unknown, path: ObjectPath, value: unknown): string {
  const last = path.at(-1);
  const secret =
    (kind === 'Secret' && (path[0] === 'data' || path[0] === 'stringData')) || (typeof last === 'string' && /password$/i.test(last));
  return secret && typeof value === 'string' ? `a text of ${value.length} characters` : describe(value);
}
