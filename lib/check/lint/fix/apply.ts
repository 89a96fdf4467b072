import { isRecord, type ObjectSet, parseObjects, type SourceFile } from '../../../objects/index.js';
import type { LocatedFinding } from '../finding.js';
import type { Edit } from '../rule.js';
import { type TextEdit, textEdit } from './text-edit.js';

export interface FixedFile {
  readonly file: SourceFile;
  readonly text: string;
  readonly fixed: readonly LocatedFinding[];
}

/**
 * The texts of files after the edits of findings. Each edit changes its field and nothing else: what the text means
 * afterwards is compared with what it was to mean, and an edit for which that does not hold is left out.
 */
export function applyFixes(findings: readonly LocatedFinding[], objects: ObjectSet): FixedFile[] {
  const byFile = new Map<SourceFile, { readonly finding: LocatedFinding; readonly edits: readonly TextEdit[] }[]>();
  for (const finding of findings) {
    const { target, edits } = finding;
    const origin = target && objects.entryOf(target.object).origin;
    if (!target || !origin || edits.length === 0 || origin.document.file.path === undefined) continue;
    const changes = edits.map(edit => textEdit(origin.document, origin.prefix, edit));
    const possible = changes.filter(change => change !== undefined);
    if (possible.length < changes.length) continue;
    const list = byFile.get(origin.document.file) ?? [];
    list.push({ finding, edits: possible });
    byFile.set(origin.document.file, list);
  }
  return [...byFile].flatMap(([file, changes]) => fixedFile(file, changes, objects));
}

function fixedFile(
  file: SourceFile,
  changes: readonly { readonly finding: LocatedFinding; readonly edits: readonly TextEdit[] }[],
  objects: ObjectSet,
): FixedFile[] {
  const accepted: { readonly finding: LocatedFinding; readonly edits: readonly TextEdit[] }[] = [];
  for (const change of changes) {
    const taken = accepted.flatMap(({ edits }) => edits);
    if (change.edits.some(edit => taken.some(other => overlaps(edit, other)))) continue;
    if (meansTheEdit(file, change, objects)) accepted.push(change);
  }
  if (accepted.length === 0) return [];
  return [
    {
      file,
      text: edited(
        file.text,
        accepted.flatMap(({ edits }) => edits),
      ),
      fixed: accepted.map(({ finding }) => finding),
    },
  ];
}

const overlaps = (a: TextEdit, b: TextEdit): boolean => a.start < b.end && b.start < a.end && !(a.start === a.end && b.start === b.end);

function edited(text: string, edits: readonly TextEdit[]): string {
  let result = text;
  for (const { start, end, text: piece } of [...edits].sort((a, b) => b.start - a.start))
    result = result.slice(0, start) + piece + result.slice(end);
  return result;
}

/** Objects of YAML are JSON, and an edit keeps the order of keys. */
const sameJson = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Whether the document reads as the object with the edits made in memory, and as nothing else. */
function meansTheEdit(
  file: SourceFile,
  { finding, edits }: { readonly finding: LocatedFinding; readonly edits: readonly TextEdit[] },
  objects: ObjectSet,
): boolean {
  const { target } = finding;
  const document = target && objects.entryOf(target.object).origin?.document;
  if (!target || !document) return false;
  const { start, end } = document;
  const shifted = edits.map(edit => ({ ...edit, start: edit.start - start, end: edit.end - start }));
  const before = parseObjects(file.text.slice(start, end), file.name).map(({ object }) => object);
  const index = before.findIndex(object => sameJson(object, target.object));
  const expected = before.map((object, at) => (at === index ? withEdits(object, finding.edits) : object));
  try {
    const after = parseObjects(edited(file.text.slice(start, end), shifted), file.name).map(({ object }) => object);
    return index >= 0 && sameJson(after, expected);
  } catch {
    return false;
  }
}

function withEdits(object: unknown, edits: readonly Edit[]): unknown {
  const copy: unknown = JSON.parse(JSON.stringify(object));
  for (const edit of edits) {
    const key = edit.kind === 'add' ? edit.key : edit.path.at(-1);
    let parent: unknown = copy;
    for (const part of edit.kind === 'add' ? edit.path : edit.path.slice(0, -1))
      parent = (parent as Record<string | number, unknown> | undefined)?.[part];
    if (key === undefined) continue;
    if (edit.kind === 'remove' && Array.isArray(parent)) parent.splice(Number(key), 1);
    else if (edit.kind === 'remove' && isRecord(parent)) delete (parent as Record<string, unknown>)[key];
    else if (isRecord(parent) || Array.isArray(parent))
      (parent as Record<string | number, unknown>)[key] = edit.kind === 'remove' ? undefined : plain(edit.value);
  }
  return copy;
}

/** The few values that rules write: a word, `{}`, or a list of words. */
function plain(value: string): unknown {
  if (value === '{}') return {};
  const items = /^\[(.*)\]$/.exec(value)?.[1];
  return items === undefined ? value : items.split(', ');
}
