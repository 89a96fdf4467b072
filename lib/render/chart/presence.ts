import { ALWAYS, all, any, type Condition, filled, given } from './condition.js';
import { isOptional } from './evaluate.js';
import type { Expression } from './expression.js';
import type { Item, ListNode, MapNode, Node } from './node.js';

/** When a node writes anything at all: a key must not stand there without a value. */
export function presence(node: Node): Condition {
  if (!isOptional(node)) return ALWAYS;
  if (node.kind === 'value') return presenceOf(node.value);
  return node.kind === 'list' ? listPresence(node) : mapPresence(node as MapNode);
}

/** An optional number of 0 and an optional false are values. */
export function presenceOf(value: Expression): Condition {
  return value.kind === 'integer' || value.kind === 'boolean' || value.kind === 'integer or string' ? given(value) : filled(value);
}

function mapPresence(node: MapNode): Condition {
  if (node.entries.length > 0 && node.spreads.length > 0)
    throw new Error(
      `a map of nothing but conditional fields (${node.entries.map(({ key }) => String(key)).join(', ')}) and added ones has no emitter`,
    );
  return any(...node.entries.map(({ when, node: child }) => all(when, presence(child))), ...node.spreads.map(filled));
}

const listPresence = (node: ListNode): Condition => any(...node.items.map(itemPresence));

function itemPresence(item: Item): Condition {
  if (item.kind === 'item') return all(item.when, presence(item.node));
  return all(item.when, filled(item.kind === 'spread' ? item.value : item.count));
}
