import type { Condition } from './condition.js';
import type { Expression } from './expression.js';

/** A piece of a text: as it is, or what an expression gives. */
export type Part = string | Expression;

/**
 * The tree between the constructs and the two back ends: an object of which some parts are known only when the chart
 * is rendered. `evaluate` makes plain objects of it, `emit` makes template text.
 */
export type Node =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'text'; readonly parts: readonly Part[] }
  /** A text of several lines. */
  | { readonly kind: 'lines'; readonly lines: readonly Line[] }
  | { readonly kind: 'value'; readonly value: Expression }
  | MapNode
  | ListNode
  /** The first case that holds; one of them always does. */
  | { readonly kind: 'choice'; readonly cases: readonly { readonly when: Condition; readonly node: Node }[] };

export interface Line {
  readonly parts: readonly Part[];
  readonly when: Condition;
}

export interface MapNode {
  readonly kind: 'map';
  readonly entries: readonly Entry[];
  /** Maps whose keys are added where no entry has them; an earlier one wins over a later one. */
  readonly spreads: readonly Expression[];
  /** Written once as a template of this name, and included wherever it stands; `own` entries are the object's. */
  readonly fragment?: { readonly name: string; readonly own: ReadonlySet<Entry> };
}

export interface Entry {
  readonly key: string | readonly Part[];
  readonly node: Node;
  readonly when: Condition;
}

export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly Item[];
  /** Items with the same value of this field are one: the last of them, at the place of the first. */
  readonly mergeKey: string | undefined;
}

export type Item =
  | { readonly kind: 'item'; readonly node: Node; readonly when: Condition }
  /** All items of a list. */
  | { readonly kind: 'spread'; readonly value: Expression; readonly when: Condition }
  /** A text for each number from 0 to below `count`; `INDEX` stands for the number. */
  | { readonly kind: 'repeat'; readonly count: Expression; readonly parts: readonly (Part | typeof INDEX)[]; readonly when: Condition };

export const INDEX: unique symbol = Symbol('index');
