import { type Context, type Expression, isEmpty, type Root } from './expression.js';
import type { Variants } from './variants.js';

/** When something is rendered. */
export type Condition =
  | { readonly kind: 'always' }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  /** Not empty, as Helm's `if` sees it. */
  | { readonly kind: 'filled'; readonly value: Expression }
  /** Not null: 0 and false are values. */
  | { readonly kind: 'given'; readonly value: Expression }
  | { readonly kind: 'variant'; readonly variants: Variants; readonly within: Variants };

/** Where those variants and no others of `within` are meant: the same one each time. */
export function variantCondition(variants: Variants, within: Variants): Condition {
  return variants.equals(within) ? ALWAYS : variants.condition(within);
}

export const ALWAYS: Condition = { kind: 'always' };
export const filled = (value: Expression): Condition => ({ kind: 'filled', value });
export const given = (value: Expression): Condition => ({ kind: 'given', value });
export const not = (of: Condition): Condition => ({ kind: 'not', of });

/** All of them; those that always hold are left out. */
export function all(...of: readonly Condition[]): Condition {
  const real = of.flatMap(condition => (condition.kind === 'all' ? condition.of : condition.kind === 'always' ? [] : [condition]));
  return real.length === 0 ? ALWAYS : real.length === 1 ? (real[0] ?? ALWAYS) : { kind: 'all', of: real };
}

export function any(...of: readonly Condition[]): Condition {
  if (of.some(condition => condition.kind === 'always')) return ALWAYS;
  return of.length === 1 ? (of[0] ?? ALWAYS) : { kind: 'any', of };
}

export function holds(condition: Condition, context: Context): boolean {
  switch (condition.kind) {
    case 'always':
      return true;
    case 'all':
      return condition.of.every(each => holds(each, context));
    case 'any':
      return condition.of.some(each => holds(each, context));
    case 'not':
      return !holds(condition.of, context);
    case 'filled':
      return !isEmpty(condition.value.evaluate(context));
    case 'given': {
      const value = condition.value.evaluate(context);
      return value !== undefined && value !== null;
    }
    case 'variant':
      return condition.variants.holds(context);
    default:
      return condition satisfies never;
  }
}

/** The condition in Go's template language, without the surrounding `if`. */
export function goCondition(condition: Condition, root: Root): string {
  switch (condition.kind) {
    case 'always':
      return 'true';
    case 'all':
      return `and ${condition.of.map(each => operand(each, root)).join(' ')}`;
    case 'any':
      return `or ${condition.of.map(each => operand(each, root)).join(' ')}`;
    case 'not':
      if (condition.of.kind === 'given') return `kindIs "invalid" ${parenthesized(condition.of.value.go(root))}`;
      return condition.of.kind === 'not' ? goCondition(condition.of.of, root) : `not ${operand(condition.of, root)}`;
    case 'filled':
      // a template gives a text, and "false" is a text that is not empty
      if (condition.value.kind === 'boolean' && condition.value.go(root).startsWith('include '))
        return `eq (${condition.value.go(root)}) "true"`;
      return condition.value.go(root);
    case 'given':
      return `not (kindIs "invalid" ${parenthesized(condition.value.go(root))})`;
    case 'variant':
      return condition.variants.go(condition.within, root);
    default:
      return condition satisfies never;
  }
}

const operand = (condition: Condition, root: Root): string => parenthesized(goCondition(condition, root));

/** Parentheses around what has more than one word. */
export const parenthesized = (pipeline: string): string => (/\s/.test(pipeline) ? `(${pipeline})` : pipeline);
