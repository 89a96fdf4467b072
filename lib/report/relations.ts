import type { Cause, Difference, RelationProof } from '../check/relations/index.js';
import { alignColumns } from './handshakes-columns.js';
import { printable } from './printable.js';

/** Differences with one cause beyond this many are counted, not printed. */
const SHOWN_CAUSES = 5;

export const LAYER_TEXT = {
  network: 'who can connect',
  identity: 'who gets past whose handshake',
  issuance: 'who can obtain which name',
} as const;

/** The proof as text: counterexamples first, one paragraph for each cause. */
export function formatRelations(proof: RelationProof): string {
  const rows = Object.entries(proof.layers).map(([layer, { checked, differences }]) => [
    layer,
    differences > 0 ? `${differences} ${differences === 1 ? 'difference' : 'differences'}` : checked ? 'equal' : 'not limited',
    LAYER_TEXT[layer as keyof typeof LAYER_TEXT],
  ]);
  const sections = [
    `relations of fleet ${proof.fleet}, environment ${proof.environment}: ${proof.declaredCalls} declared calls`,
    grouped(proof.differences).map(paragraph).join('\n'),
    proof.unlisted > 0 ? `  and ${proof.unlisted} more undeclared connections` : '',
    alignColumns(rows),
    proof.notes.map(note => `  note: ${printable(note)}`).join('\n'),
  ];
  return `${sections.filter(section => section !== '').join('\n\n')}\n\n`;
}

/** The proof as plain data, to be printed as JSON. */
export function relationsJson(proof: RelationProof): RelationProof & { readonly schemaVersion: number } {
  return { schemaVersion: 1, ...proof };
}

interface Group {
  readonly first: Difference;
  more: number;
}

/** Differences with the same cause are one mistake. */
function grouped(differences: readonly Difference[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const difference of differences) {
    const [cause] = difference.causes;
    const key = `${difference.code} ${cause?.object} ${cause?.path} ${cause?.file}:${cause?.line}`;
    const group = groups.get(key);
    if (group) group.more += 1;
    else groups.set(key, { first: difference, more: 0 });
  }
  return [...groups.values()];
}

function paragraph({ first, more }: Group): string {
  const causes = first.causes.slice(0, SHOWN_CAUSES).map(cause => `     because  ${causeText(cause)}`);
  const others = more === 0 ? [] : [`     and ${more} more of the same cause`];
  return [
    `  !! ${printable(first.text)}`,
    `     layer    ${first.layer} (${first.code})`,
    ...causes,
    `     mend     ${printable(first.change)}`,
    ...others,
  ].join('\n');
}

export function causeText({ object, path, file, line, text }: Cause): string {
  const place = file === undefined ? '' : `${file}:${line} `;
  return printable(`${place}${object}${path === '' ? '' : ` ${path}`}: ${text}`);
}
