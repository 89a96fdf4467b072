import { parenthesized } from './condition.js';
import { type Context, Expression, type Kind, type Root } from './expression.js';
import { PREFIX } from './param.js';

/**
 * A template of the chart (`_helpers.tpl`) together with the same in TypeScript. Both are in one place so that whoever
 * changes one sees the other; the tests compare them.
 */
export interface Helper {
  readonly name: string;
  readonly kind: Kind;
  /** The body of the template; `.` is what `argument` gives. */
  readonly template: string;
  readonly evaluate: (args: readonly unknown[]) => unknown;
  /** What the template is called with. @default the first argument alone */
  readonly argument?: (args: readonly string[]) => string;
}

/** A helper with its arguments. */
export class Call extends Expression {
  readonly #helper: Helper;
  readonly #args: readonly Expression[];

  constructor(helper: Helper, args: readonly Expression[]) {
    super(`${helper.name} ${args.map(arg => arg.id).join(' ')}`, helper.kind);
    this.#helper = helper;
    this.#args = args;
  }

  override evaluate(context: Context): unknown {
    return this.#helper.evaluate(this.#args.map(arg => arg.evaluate(context)));
  }

  override go(root: Root): string {
    const args = this.#args.map(arg => parenthesized(arg.go(root)));
    const argument = this.#helper.argument?.(args) ?? args[0] ?? root.dot;
    return `include "${PREFIX}${this.#helper.name}" ${parenthesized(argument)}`;
  }
}
