import { Expression, Spread } from './expression.js';

/**
 * Rows of lists side by side: items that are the same one, by name, port or text, stand in one row, with undefined
 * where a list lacks it. Undefined when the lists have no order in common.
 */
export function alignLists(lists: readonly (readonly unknown[])[]): readonly (readonly unknown[])[] | undefined {
  return alignBy(peersOrWhole, lists) ?? alignBy(identity, lists);
}

function alignBy(keyOf: (item: unknown) => string, lists: readonly (readonly unknown[])[]): readonly (readonly unknown[])[] | undefined {
  const keyed = lists.map(list => list.map(keyOf));
  if (keyed.some(keys => new Set(keys).size !== keys.length)) return undefined;
  const order = commonOrder(keyed);
  if (order === undefined) return undefined;
  return order.map(key => lists.map((list, index) => list[keyed[index]?.indexOf(key) ?? -1]));
}

/** A rule of a NetworkPolicy is that of its peers, whatever ports it lets them to. */
function peersOrWhole(item: unknown): string {
  if (typeof item !== 'object' || item === null) return identity(item);
  const { from, to } = item as Readonly<Record<string, unknown>>;
  const peers = from ?? to;
  return Array.isArray(peers) ? `peers ${JSON.stringify(peers)}` : identity(item);
}

/** The field that Kubernetes merges a list by, where it has one; else the whole item. */
function identity(item: unknown): string {
  if (item instanceof Spread || item instanceof Expression) return `spread ${item instanceof Spread ? item.name : item.id}`;
  if (typeof item !== 'object' || item === null) return `text ${String(item)}`;
  const fields = item as Readonly<Record<string, unknown>>;
  if (typeof fields.name === 'string') return `name ${fields.name}`;
  const port = fields.containerPort ?? fields.port;
  if (typeof port === 'number') return `port ${port} ${String(fields.protocol)}`;
  return `item ${JSON.stringify(item)}`;
}

/** All keys, in an order that every list follows. */
function commonOrder(lists: readonly (readonly string[])[]): string[] | undefined {
  const order: string[] = [];
  for (const list of lists) {
    let at = 0;
    for (const key of list) {
      const known = order.indexOf(key);
      if (known === -1) order.splice(at, 0, key);
      else if (known < at) return undefined;
      at = order.indexOf(key) + 1;
    }
  }
  return order;
}

export interface AlignedLine {
  readonly text: string;
  /** Indexes of the texts that have the line here. */
  readonly versions: readonly number[];
}

/** Lines of several texts, each with the texts that have it: what `diff -D` does, for any number of texts. */
export function alignLines(texts: readonly (readonly string[])[]): AlignedLine[] {
  let aligned: { text: string; versions: number[] }[] = [];
  texts.forEach((lines, version) => {
    const matches = longestCommon(
      aligned.map(({ text }) => text),
      lines,
    );
    const next: typeof aligned = [];
    let left = 0;
    let right = 0;
    for (const [a, b] of [...matches, [aligned.length, lines.length] as const]) {
      next.push(...aligned.slice(left, a));
      next.push(...lines.slice(right, b).map(text => ({ text, versions: [version] })));
      const both = aligned[a];
      if (both !== undefined) next.push({ text: both.text, versions: [...both.versions, version] });
      left = a + 1;
      right = b + 1;
    }
    aligned = next;
  });
  return aligned;
}

/** Pairs of indexes of a longest common subsequence; what is common at both ends is found without the table. */
function longestCommon(left: readonly string[], right: readonly string[]): (readonly [number, number])[] {
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start++;
  let end = 0;
  while (end < left.length - start && end < right.length - start && left[left.length - 1 - end] === right[right.length - 1 - end]) end++;
  const rows = left.length - start - end;
  const columns = right.length - start - end;
  const width = columns + 1;
  const lengths = new Uint32Array((rows + 1) * width);
  const at = (row: number, column: number): number => lengths[row * width + column] ?? 0;
  for (let row = rows - 1; row >= 0; row--) {
    for (let column = columns - 1; column >= 0; column--) {
      lengths[row * width + column] =
        left[start + row] === right[start + column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const pairs: (readonly [number, number])[] = Array.from({ length: start }, (_, index) => [index, index] as const);
  for (let row = 0, column = 0; row < rows && column < columns; ) {
    if (left[start + row] === right[start + column]) pairs.push([start + row++, start + column++]);
    else if (at(row + 1, column) >= at(row, column + 1)) row++;
    else column++;
  }
  for (let index = end; index > 0; index--) pairs.push([left.length - index, right.length - index]);
  return pairs;
}
