import { holds } from './condition.js';
import { type Context, Expression, isEmpty } from './expression.js';
import { type Entry, INDEX, type Item, type ListNode, type MapNode, type Node, type Part } from './node.js';

/** Nothing is written for this node. */
export const ABSENT: unique symbol = Symbol('absent');

/** What Helm must render for these values: plain data. */
export function evaluate(node: Node, context: Context): unknown {
  switch (node.kind) {
    case 'literal':
      return node.value;
    case 'text':
      return textOf(node.parts, context);
    case 'lines':
      return node.lines
        .filter(line => holds(line.when, context))
        .map(line => textOf(line.parts, context))
        .join('\n');
    case 'value': {
      const value = node.value.evaluate(context);
      if (node.value.optional && isAbsent(value)) return ABSENT;
      return value;
    }
    case 'choice': {
      const found = node.cases.find(({ when }) => holds(when, context));
      return found === undefined ? ABSENT : evaluate(found.node, context);
    }
    case 'map':
      return mapOf(node, context);
    case 'list':
      return listOf(node, context);
    default:
      return node satisfies never;
  }
}

/** An optional number of 0 and an optional false are values. */
const isAbsent = (value: unknown): boolean => value !== 0 && value !== false && isEmpty(value);

function mapOf(node: MapNode, context: Context): unknown {
  const fields: Record<string, unknown> = {};
  const nameOf = (key: Entry['key']): string => (typeof key === 'string' ? key : textOf(key, context));
  const own = new Set(node.entries.map(({ key }) => nameOf(key)));
  for (const spread of [...node.spreads].reverse()) {
    for (const [key, value] of Object.entries((spread.evaluate(context) ?? {}) as object)) if (!own.has(key)) fields[key] = value;
  }
  for (const { key, node: child, when } of node.entries) {
    const value = holds(when, context) ? evaluate(child, context) : ABSENT;
    if (value !== ABSENT) fields[nameOf(key)] = value;
  }
  return Object.keys(fields).length === 0 && mayBeEmpty(node) ? ABSENT : fields;
}

function listOf(node: ListNode, context: Context): unknown {
  const items = node.items.flatMap(item => (holds(item.when, context) ? itemsOf(item, context) : []));
  const merged = node.mergeKey === undefined ? items : mergedBy(node.mergeKey, items);
  return merged.length === 0 && mayBeEmpty(node) ? ABSENT : merged;
}

function itemsOf(item: Item, context: Context): unknown[] {
  if (item.kind === 'spread') return [...((item.value.evaluate(context) ?? []) as unknown[])];
  if (item.kind === 'repeat') {
    const count = Number(item.count.evaluate(context));
    return Array.from({ length: count }, (_, index) =>
      textOf(
        item.parts.map(part => (part === INDEX ? String(index) : part)),
        context,
      ),
    );
  }
  const value = evaluate(item.node, context);
  return value === ABSENT ? [] : [value];
}

function mergedBy(key: string, items: readonly unknown[]): unknown[] {
  const byKey = new Map(items.map(item => [(item as Readonly<Record<string, unknown>>)[key], item]));
  return [...byKey.values()];
}

/** Nothing stands in it that is always there; an empty literal (`podSelector: {}`) is written as it is. */
export function mayBeEmpty(node: MapNode | ListNode): boolean {
  if (node.kind === 'list') {
    return node.items.length > 0 && node.items.every(item => item.kind !== 'item' || item.when.kind !== 'always');
  }
  const parts = node.entries.length + node.spreads.length;
  return parts > 0 && node.entries.every(entry => entry.when.kind !== 'always' || isOptional(entry.node));
}

/** The node may write nothing at all. */
export function isOptional(node: Node): boolean {
  if (node.kind === 'value') return node.value.optional;
  return (node.kind === 'map' || node.kind === 'list') && mayBeEmpty(node);
}

function textOf(parts: readonly Part[], context: Context): string {
  return parts.map(part => (part instanceof Expression ? String(part.evaluate(context)) : part)).join('');
}
