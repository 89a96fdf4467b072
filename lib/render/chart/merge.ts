import { alignLines, alignLists } from './align.js';
import { ALWAYS, all, type Condition, variantCondition } from './condition.js';
import { type Expression, Expression as ExpressionClass, isSpreadKey, Spread, When } from './expression.js';
import type { Entry, Item, Line, Node, Part } from './node.js';
import { Param } from './param.js';
import type { Tokens } from './tokens.js';
import type { Variants } from './variants.js';

/** One value of a place in the tree, and in which variants it stands there. */
export interface Version {
  readonly variants: Variants;
  readonly value: unknown;
  /** Name of the mode and of the environment, in the variants' own words. */
  readonly words: readonly Word[];
}

/** A word that a variant writes where another one writes another, such as `strict`. */
export interface Word {
  readonly pattern: RegExp;
  readonly token: string;
}

export const wordOf = (text: string, token: string): Word => ({ pattern: new RegExp(`(?<![\\w-])${text}(?![\\w-])`, 'g'), token });

/** One tree out of the trees of all variants: what is the same stands once, what differs stands below a condition. */
export class Merger {
  private readonly tokens: Tokens;
  /** The same few texts stand in most objects. */
  private readonly texts = new Map<string, Node>();
  private readonly parsed = new Map<string, readonly Part[]>();

  constructor(tokens: Tokens) {
    this.tokens = tokens;
  }

  /** @param within the variants of all versions together */
  merge(versions: readonly Version[], within: Variants): Node {
    const [first, ...others] = grouped(versions);
    if (first === undefined) throw new Error('nothing to merge');
    if (others.length === 0) return this.node(first.value);
    const different = [first, ...others];
    const values = different.map(version => version.value);
    // an empty one says something of its own: `podSelector: {}` selects every pod
    if (values.some(isBare)) return this.choice(different, within);
    if (values.every(isPlainMap)) return this.mergeMaps(different, within);
    if (values.every(Array.isArray)) return this.mergeLists(different, within);
    if (values.every(value => typeof value === 'string')) return this.mergeTexts(different, within);
    return this.choice(different, within);
  }

  /** A value that is the same in every variant. */
  node(value: unknown): Node {
    if (typeof value === 'string') return this.text(value);
    if (value instanceof ExpressionClass) return { kind: 'value', value };
    if (value === null || typeof value === 'number' || typeof value === 'boolean') return { kind: 'literal', value };
    if (Array.isArray(value)) return { kind: 'list', items: value.map(item => this.item(item, ALWAYS)), mergeKey: mergeKeyOf(value) };
    if (!isPlainMap(value)) throw new TypeError(`a ${typeof value} can't stand in a chart`);
    const entries: Entry[] = [];
    const spreads: Expression[] = [];
    for (const [key, field] of Object.entries(value)) {
      if (isSpreadKey(key)) spreads.push(field as Expression);
      else if (field !== undefined) entries.push(this.entry(key, field, ALWAYS));
    }
    return { kind: 'map', entries, spreads };
  }

  private parse(text: string): readonly Part[] {
    const known = this.parsed.get(text) ?? this.tokens.parse(text);
    this.parsed.set(text, known);
    return known;
  }

  private entry(text: string, field: unknown, when: Condition): Entry {
    const key = this.key(text);
    if (field instanceof When) return { key, node: this.node(field.value), when: all(when, field.condition) };
    return { key, node: this.node(field), when };
  }

  /** A key may have the fleet's name in it. */
  private key(text: string): Entry['key'] {
    const parts = this.parse(text);
    return parts.length === 1 && typeof parts[0] === 'string' ? text : parts;
  }

  private item(item: unknown, when: Condition): Item {
    if (item instanceof Spread) return { kind: 'spread', value: item.expression, when };
    const items = typeof item === 'string' ? this.tokens.itemsOf(item) : undefined;
    if (items instanceof ExpressionClass) return { kind: 'spread', value: items, when };
    if (items) return { kind: 'repeat', ...items, when };
    return { kind: 'item', node: this.node(item), when };
  }

  private text(value: string): Node {
    const known = this.texts.get(value) ?? this.textNode(value);
    this.texts.set(value, known);
    return known;
  }

  private textNode(value: string): Node {
    const lines = value.split('\n');
    if (lines.length > 1) return { kind: 'lines', lines: lines.map(line => ({ parts: this.parse(line), when: ALWAYS })) };
    const parts = this.parse(value);
    const [only] = parts;
    if (parts.length === 1 && only instanceof ExpressionClass) return { kind: 'value', value: only };
    if (parts.every(part => typeof part === 'string')) return { kind: 'literal', value };
    return { kind: 'text', parts };
  }

  private mergeMaps(versions: readonly Version[], within: Variants): Node {
    const keys = new Set<string>();
    for (const { value } of versions) for (const key of Object.keys(value as object)) keys.add(key);
    const entries: Entry[] = [];
    const spreads: Expression[] = [];
    for (const key of keys) {
      const having: Version[] = [];
      for (const { value: map, variants, words } of versions) {
        const value = (map as Readonly<Record<string, unknown>>)[key];
        if (value !== undefined) having.push({ value, variants, words });
      }
      const [first] = having;
      if (first === undefined) continue;
      if (isSpreadKey(key)) {
        spreads.push(first.value as Expression);
        continue;
      }
      const present = together(having);
      const when = variantCondition(present, within);
      if (first.value instanceof When) entries.push(this.entry(key, first.value, when));
      else entries.push({ key: this.key(key), node: this.merge(having, present), when });
    }
    return { kind: 'map', entries, spreads };
  }

  private mergeLists(versions: readonly Version[], within: Variants): Node {
    const aligned = alignLists(versions.map(({ value }) => value as readonly unknown[]));
    if (aligned === undefined) return this.choice(versions, within);
    const items = aligned.map((row): Item => {
      const having: Version[] = [];
      for (const [index, { variants, words }] of versions.entries())
        if (row[index] !== undefined) having.push({ value: row[index], variants, words });
      const present = together(having);
      const when = variantCondition(present, within);
      const [first] = having;
      if (first !== undefined && having.every(({ value }) => same(value, first.value))) return this.item(first.value, when);
      return { kind: 'item', node: this.merge(having, present), when };
    });
    return { kind: 'list', items, mergeKey: mergeKeyOf(versions.flatMap(({ value }) => value as readonly unknown[])) };
  }

  private mergeTexts(versions: readonly Version[], within: Variants): Node {
    const spoken = versions.map(version => ({ ...version, value: speak(version) }));
    const [first] = spoken;
    if (first !== undefined && spoken.every(({ value }) => value === first.value)) return this.text(first.value);
    if (!versions.every(({ value }) => (value as string).includes('\n'))) return this.choice(versions, within);
    const rows = alignLines(spoken.map(({ value }) => value.split('\n')));
    const lines = rows.map(({ text, versions: indexes }): Line => {
      const present = together(indexes.flatMap(index => versions[index] ?? []));
      return { parts: this.parse(text), when: variantCondition(present, within) };
    });
    return { kind: 'lines', lines };
  }

  private choice(versions: readonly Version[], within: Variants): Node {
    return {
      kind: 'choice',
      cases: versions.map(({ value, variants }) => ({ when: variantCondition(variants, within), node: this.node(value) })),
    };
  }
}

/** Versions with the same value are one, which has the words that are theirs together. */
function grouped(versions: readonly Version[]): readonly Version[] {
  const groups: Version[] = [];
  for (const version of versions) {
    const index = groups.findIndex(({ value }) => same(value, version.value));
    const group = groups[index];
    if (group === undefined) groups.push(version);
    else
      groups[index] = {
        value: group.value,
        variants: group.variants.with(version.variants),
        words: group.words.filter(word => version.words.includes(word)),
      };
  }
  return groups;
}

/** The text with the variant's own words replaced by what stands for them. */
function speak(version: Version): string {
  return version.words.reduce((text, { pattern, token }) => text.replace(pattern, token), version.value as string);
}

export function together(versions: readonly { readonly variants: Variants }[]): Variants {
  const [first, ...rest] = versions;
  if (first === undefined) throw new Error('no variants');
  return rest.reduce((variants, version) => variants.with(version.variants), first.variants);
}

const isBare = (value: unknown): boolean => (isPlainMap(value) || Array.isArray(value)) && Object.keys(value).length === 0;

function mergeKeyOf(items: readonly unknown[]): string | undefined {
  for (const item of items) {
    if (item instanceof Spread && item.expression instanceof Param && item.expression.props.mergeKey !== undefined)
      return item.expression.props.mergeKey;
  }
  return undefined;
}

export function isPlainMap(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  if (Object.getPrototypeOf(value) === Object.prototype) return true;
  return !Array.isArray(value) && !(value instanceof ExpressionClass) && !(value instanceof When) && !(value instanceof Spread);
}

/** Deep equality of plain data; expressions are equal when they are the same one. */
export function same(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (left instanceof Spread && right instanceof Spread) return left.expression === right.expression;
  if (left instanceof When && right instanceof When) return left.condition === right.condition && same(left.value, right.value);
  if (Array.isArray(left)) {
    return Array.isArray(right) && left.length === right.length && left.every((item, index) => same(item, right[index]));
  }
  if (!isPlainMap(left) || !isPlainMap(right)) return false;
  for (const key of Object.keys(left)) if (!same(left[key], right[key])) return false;
  for (const key of Object.keys(right)) if (left[key] === undefined && right[key] !== undefined) return false;
  return true;
}
