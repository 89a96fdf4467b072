import { parenthesized } from './condition.js';
import { type Context, Expression, type Kind, type Root } from './expression.js';

/** A JSON Schema (draft-07) of one value. */
export type ValueSchema = Readonly<Record<string, unknown>>;

export interface ParamProps {
  /** Where the value stands in values.yaml, such as `controlApi.replicaCount`. */
  readonly path: string;
  readonly kind: Kind;
  /** What the value does, in one sentence. */
  readonly doc: string;
  readonly schema: ValueSchema;
  /** Written to values.yaml. */
  readonly value: unknown;
  /** Stands for an empty `value` (null or ""). @default `value` is taken as it is */
  readonly fallback?: Fallback | undefined;
  /** Field that tells the items of a list apart; a later item with the same one wins. @default items are appended */
  readonly mergeKey?: string;
  /** The field is left out when the value is empty. @default lists and maps only */
  readonly optional?: boolean;
}

/** What an empty value means: by name of the environment, or an expression such as a name made from the fleet's. */
export type Fallback =
  | { readonly kind: 'environment'; readonly environment: Expression; readonly values: Readonly<Record<string, unknown>> }
  | { readonly kind: 'expression'; readonly value: Expression };

/** One value that a chart's user may set: declared once, and everything about it is made from here. */
export class Param extends Expression {
  readonly #props: ParamProps;
  readonly #keys: readonly string[];

  constructor(props: ParamProps) {
    super(props.path, props.kind);
    this.#props = props;
    this.#keys = props.path.split('.');
  }

  get props(): ParamProps {
    return this.#props;
  }

  get path(): string {
    return this.#props.path;
  }

  get keys(): readonly string[] {
    return this.#keys;
  }

  override get optional(): boolean {
    return this.#props.optional ?? super.optional;
  }

  /** Name of the template that gives the value where values.yaml leaves it open; undefined where it never does. */
  get template(): string | undefined {
    const { fallback } = this.#props;
    return fallback === undefined || this.inlineFallback !== undefined ? undefined : `value.${this.path}`;
  }

  /** A text that stands for an empty one can be said in one line. */
  private get inlineFallback(): Expression | undefined {
    const { fallback } = this.#props;
    return fallback?.kind === 'expression' && this.kind === 'string' ? fallback.value : undefined;
  }

  override get isText(): boolean {
    return this.template !== undefined && (this.kind === 'map' || this.kind === 'list');
  }

  override evaluate(context: Context): unknown {
    const given = this.given(context);
    const { fallback } = this.#props;
    if (fallback === undefined || !isOpen(given)) return given;
    return fallback.kind === 'expression'
      ? fallback.value.evaluate(context)
      : fallback.values[String(fallback.environment.evaluate(context))];
  }

  /** The value as the user gave it, or the default. */
  given(context: Context): unknown {
    return this.#keys.reduce<unknown>(
      (value, key) => (typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined),
      context.values,
    );
  }

  /** The value in values.yaml, whatever an empty one stands for. */
  goValue({ dot, block }: Root): string {
    if (block !== undefined && this.#keys[0] === block.key) return `${block.name}${this.path.slice(block.key.length)}`;
    return `${dot === '.' ? '' : dot}.Values.${this.path}`;
  }

  override go(root: Root): string {
    const inline = this.inlineFallback;
    if (inline) return `${this.goValue(root)} | default ${parenthesized(inline.go(root))}`;
    return this.template === undefined ? this.goValue(root) : `include "${PREFIX}${this.template}" ${root.dot}`;
  }
}

/** Stands for `<chart>.` before the name of every template; the chart's name is put in when it is written. */
export const PREFIX = '\u27e6chart\u27e7.';

/** Null, or a text without characters. */
export const isOpen = (value: unknown): boolean => value === undefined || value === null || value === '';
