import { type Condition, parenthesized } from './condition.js';
import type { Context, Expression, Root } from './expression.js';

/**
 * What makes a whole difference to the objects rather than to one value: the environment, and the mode of mutual
 * TLS. The constructs are run once for each pair.
 */
export interface Axes {
  readonly environments: readonly string[];
  readonly modes: readonly string[];
  readonly environment: Expression;
  readonly mode: Expression;
}

/** A set of (environment, mode) pairs. */
export class Variants {
  private readonly axes: Axes;
  /** One bit a pair: environment * number of modes + mode. */
  readonly bits: bigint;

  /** Every set is made once, so that what is known of one is found again. */
  private readonly known: Map<bigint, Variants>;
  private readonly tests = new Map<Variants, string>();
  private readonly conditions = new Map<Variants, Condition>();

  private constructor(axes: Axes, bits: bigint, known: Map<bigint, Variants>) {
    this.axes = axes;
    this.bits = bits;
    this.known = known;
    known.set(bits, this);
  }

  static all(axes: Axes): Variants {
    return new Variants(axes, (1n << BigInt(axes.environments.length * axes.modes.length)) - 1n, new Map());
  }

  /** Those of one environment and one mode. */
  only(environment: string, mode: string): Variants {
    const { environments, modes } = this.axes;
    return this.of(1n << BigInt(environments.indexOf(environment) * modes.length + modes.indexOf(mode)));
  }

  with(other: Variants): Variants {
    return this === other ? this : this.of(this.bits | other.bits);
  }

  /** Holds for these and for none of the others in `within`: the same one each time. */
  condition(within: Variants): Condition {
    const known = this.conditions.get(within) ?? { kind: 'variant', variants: this, within };
    this.conditions.set(within, known);
    return known;
  }

  private of(bits: bigint): Variants {
    return this.known.get(bits) ?? new Variants(this.axes, bits, this.known);
  }

  equals(other: Variants): boolean {
    return this === other;
  }

  holds(context: Context): boolean {
    const { environments, modes, environment, mode } = this.axes;
    const index =
      environments.indexOf(String(environment.evaluate(context))) * modes.length + modes.indexOf(String(mode.evaluate(context)));
    return index >= 0 && ((this.bits >> BigInt(index)) & 1n) === 1n;
  }

  /** The shortest test that tells this set from the rest of `within`; the environment and the mode are read at the root. */
  go(within: Variants, root: Root): string {
    if (root.dot !== '.') return this.test(within, root);
    const known = this.tests.get(within) ?? this.test(within, root);
    this.tests.set(within, known);
    return known;
  }

  private test(within: Variants, root: Root): string {
    const product = this.product(within, root);
    if (product !== undefined) return product;
    const parts = this.axes.environments.flatMap((name, index) => {
      const own = this.of(this.bits & this.environmentBits([index]));
      if (own.bits === 0n) return [];
      const here = this.of(within.bits & this.environmentBits([index]));
      const mode = own.equals(here) ? undefined : own.product(here, root);
      const environment = `eq ${this.axes.environment.go(root)} ${JSON.stringify(name)}`;
      return [mode === undefined ? `(${environment})` : `(and (${environment}) (${mode}))`];
    });
    return `or ${parts.join(' ')}`;
  }

  /** A test of the environment, of the mode, or of both; undefined when the set is no product of the two. */
  private product(within: Variants, root: Root): string | undefined {
    const { environments, modes, environment, mode } = this.axes;
    const ownEnvironments = this.indexes(environments, index => this.environmentBits([index]));
    const ownModes = this.indexes(modes, index => this.modeBits([index]));
    const byEnvironment = this.environmentBits(ownEnvironments);
    const byMode = this.modeBits(ownModes);
    const is = (bits: bigint): boolean => (bits & within.bits) === this.bits;
    const environmentTest = membership(
      environment.go(root),
      environments,
      ownEnvironments,
      within.indexes(environments, index => this.environmentBits([index])),
    );
    const modeTest = membership(
      mode.go(root),
      modes,
      ownModes,
      within.indexes(modes, index => this.modeBits([index])),
    );
    if (is(byMode)) return modeTest;
    if (is(byEnvironment)) return environmentTest;
    if (is(byEnvironment & byMode)) return `and ${parenthesized(environmentTest)} ${parenthesized(modeTest)}`;
    return undefined;
  }

  private indexes(names: readonly string[], bitsOf: (index: number) => bigint): number[] {
    return names.flatMap((_, index) => ((this.bits & bitsOf(index)) === 0n ? [] : [index]));
  }

  private environmentBits(indexes: readonly number[]): bigint {
    const width = BigInt(this.axes.modes.length);
    const row = (1n << width) - 1n;
    return indexes.reduce((bits, index) => bits | (row << (BigInt(index) * width)), 0n);
  }

  private modeBits(indexes: readonly number[]): bigint {
    const width = BigInt(this.axes.modes.length);
    let bits = 0n;
    for (let environment = 0; environment < this.axes.environments.length; environment++)
      for (const index of indexes) bits |= 1n << (BigInt(environment) * width + BigInt(index));
    return bits;
  }
}

/** `eq`, `ne` or `has`, whichever is shortest. */
function membership(value: string, names: readonly string[], own: readonly number[], possible: readonly number[]): string {
  const quoted = (index: number | undefined): string => JSON.stringify(names[index ?? 0]);
  const operand = parenthesized(value);
  const others = possible.filter(index => !own.includes(index));
  if (own.length === 1) return `eq ${operand} ${quoted(own[0])}`;
  if (others.length === 1) return `ne ${operand} ${quoted(others[0])}`;
  return `has ${operand} (list ${own.map(quoted).join(' ')})`;
}
