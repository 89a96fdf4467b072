import type { Condition } from './condition.js';

/** What a template prints: decides quoting, and when a field is left out. */
export type Kind = 'string' | 'integer' | 'boolean' | 'integer or string' | 'map' | 'list';

/** Where `helm template` and the evaluation of the same chart take their values from. */
export interface Context {
  /** All values: the chart's defaults with the user's over them. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly release: { readonly name: string; readonly namespace: string; readonly service: string };
  readonly chart: { readonly name: string; readonly version: string; readonly appVersion: string };
}

/** How a template names what it takes values from, at the place where an expression stands. */
export interface Root {
  /** The root: `.` at the top, `$` where a range or with has moved the dot. */
  readonly dot: '.' | '$';
  /** A block of values.yaml that has a name of its own here, such as `$service`; the empty name is the dot. */
  readonly block?: { readonly key: string; readonly name: string };
}

export const TOP: Root = { dot: '.' };

/** The key under which an expression appears in an object that it was spread into. */
const SPREAD = '\u27e6spread\u27e7 ';

/**
 * A value that is known when the chart is rendered. It stands in the construct tree in place of a plain value, so
 * constructs pass it on untouched: as a field, spread into a list (`[...it]`) or into a map (`{...it}`), or in a text.
 */
export abstract class Expression implements Iterable<Spread> {
  /** Tells it from every other one. */
  readonly #id: string;
  readonly #kind: Kind;

  constructor(id: string, kind: Kind) {
    this.#id = id;
    this.#kind = kind;
    // maps alone are spread into maps, and a key of its own makes an object slow
    if (kind === 'map') Object.defineProperty(this, `${SPREAD}${id}`, { enumerable: true, value: this });
  }

  get id(): string {
    return this.#id;
  }

  get kind(): Kind {
    return this.#kind;
  }

  /** A field with an empty value (null, "", {}, []) is left out; otherwise it is always written. */
  get optional(): boolean {
    return this.kind === 'map' || this.kind === 'list';
  }

  abstract evaluate(context: Context): unknown;

  /** A Go template pipeline that has the value; lists and maps as such, or as YAML text when `isText`. */
  abstract go(root: Root): string;

  /** `go` gives the YAML text of a map or list. */
  get isText(): boolean {
    return false;
  }

  *[Symbol.iterator](): Iterator<Spread> {
    yield new Spread(this);
  }
}

/** An expression's items in the middle of a list. */
export class Spread {
  readonly expression: Expression;
  /** Told apart by name where a construct keeps one entry a name. */
  readonly name: string;

  constructor(expression: Expression) {
    this.expression = expression;
    this.name = expression.id;
  }
}

export const isSpreadKey = (key: string): boolean => key.startsWith(SPREAD);

/** A field that is there only where the condition holds. */
export class When {
  readonly condition: Condition;
  readonly value: unknown;

  constructor(condition: Condition, value: unknown) {
    this.condition = condition;
    this.value = value;
  }
}

/** Typed as what it stands for, so that it fits into constructs' props. */
export const as = <T>(value: Expression | When): T => value as unknown as T;

/** True for what Helm's `with` and `if` take as empty. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
