import type { Entry } from './node.js';
import { Param } from './param.js';

// fewer are shorter where they stand
const SHORTEST_RUN = 3;

/** Where the fields end that only copy values of one block, beginning with this one; `start` where they are too few. */
export function endOfCopies(entries: readonly Entry[], start: number, block: string): number {
  let end = start;
  while (isCopy(entries[end], block)) end++;
  return end - start < SHORTEST_RUN ? start : end;
}

/** The field is there exactly when the value is, and nothing else decides about it. */
function isCopy(entry: Entry | undefined, block: string): boolean {
  if (entry === undefined || typeof entry.key !== 'string' || entry.when.kind !== 'always' || entry.node.kind !== 'value') return false;
  const { value } = entry.node;
  return value instanceof Param && value.keys[0] === block && value.optional && value.template === undefined;
}

/** The same for fields of two services that are written alike. */
export const copiesAlike = (run: readonly Entry[], block: string): string =>
  run
    .map(({ key, node }) =>
      node.kind === 'value' && node.value instanceof Param ? `${key} ${node.value.kind} ${node.value.path.slice(block.length)}` : '',
    )
    .join('\n');
