import type { Document, Pair } from 'yaml';
import { type FieldPath, nodeTree, type SourceDocument } from '../../../objects/index.js';
import type { Edit } from '../rule.js';

/** A piece of the text of a file that is put in the place of another. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

type Range = readonly [number, number, number];
const yaml = (): typeof import('yaml') => require('yaml') as typeof import('yaml');

/** An edit of a field as a change of the text, or undefined where that can't be done without touching more. */
export function textEdit(source: SourceDocument, prefix: FieldPath, edit: Edit): TextEdit | undefined {
  const document = nodeTree(source);
  if (!document || document.errors.length > 0) return undefined;
  const path = [...prefix, ...edit.path];
  const local =
    edit.kind === 'replace'
      ? replaced(document, path, edit.value, source)
      : edit.kind === 'add'
        ? added(document, path, edit, source)
        : removed(document, path, source);
  return local && { start: local.start + source.start, end: local.end + source.start, text: local.text };
}

/** How a scalar is quoted; what stands in blocks is not edited. */
const QUOTES: Readonly<Record<string, string>> = { QUOTE_SINGLE: "'", QUOTE_DOUBLE: '"', PLAIN: '' };

const textOf = ({ file, start, end }: SourceDocument): string => file.text.slice(start, end);

const nodeAt = (document: Document, path: FieldPath): unknown => document.getIn(path, true);

const rangeOf = (node: unknown): Range | undefined => (node as { readonly range?: Range | null } | null | undefined)?.range ?? undefined;

function replaced(document: Document, path: FieldPath, value: string, source: SourceDocument): TextEdit | undefined {
  const node = nodeAt(document, path);
  const range = rangeOf(node);
  if (!yaml().isScalar(node) || !range) return undefined;
  const quote = QUOTES[node.type ?? ''];
  const [start, end] = range;
  if (quote === undefined || textOf(source).slice(start, end).includes('\n')) return undefined;
  return { start, end, text: `${quote}${value}${quote}` };
}

function added(
  document: Document,
  path: FieldPath,
  { key, value }: Extract<Edit, { kind: 'add' }>,
  source: SourceDocument,
): TextEdit | undefined {
  const node = nodeAt(document, path);
  const { isMap } = yaml();
  if (!isMap(node) || node.items.length === 0) return undefined;
  const text = textOf(source);
  const last = node.items.at(-1);
  const first = node.items[0];
  if (!last || !first) return undefined;
  const end = contentEnd(text, last);
  if (node.flow) return { start: end, end, text: `, ${key}: ${value}` };
  const keyStart = rangeOf(first.key)?.[0];
  if (keyStart === undefined) return undefined;
  const lineEnd = endOfLine(text, end);
  const indent = ' '.repeat(keyStart - (text.lastIndexOf('\n', keyStart - 1) + 1));
  return { start: lineEnd, end: lineEnd, text: `${lineBreak(text)}${indent}${key}: ${value}` };
}

function removed(document: Document, path: FieldPath, source: SourceDocument): TextEdit | undefined {
  const { isMap, isSeq } = yaml();
  const parent = path.length === 1 ? document.contents : nodeAt(document, path.slice(0, -1));
  const key = path.at(-1);
  const text = textOf(source);
  if (!(isMap(parent) || isSeq(parent)) || parent.items.length < 2) return undefined;
  const index = isMap(parent)
    ? parent.items.findIndex(pair => String((pair.key as { value?: unknown } | null)?.value) === key)
    : Number(key);
  const item = parent.items[index];
  if (item === undefined) return undefined;
  const start = isMap(parent) ? rangeOf((item as Pair).key)?.[0] : rangeOf(item)?.[0];
  const end = contentEnd(text, item);
  if (start === undefined || text.slice(start, end).includes('\n')) return undefined;
  if (parent.flow) {
    const next = parent.items[index + 1];
    const nextStart = isMap(parent) ? rangeOf((next as Pair | undefined)?.key)?.[0] : rangeOf(next)?.[0];
    if (nextStart !== undefined) return { start, end: nextStart, text: '' };
    const before = parent.items[index - 1];
    return before === undefined ? undefined : { start: contentEnd(text, before), end, text: '' };
  }
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const lead = text.slice(lineStart, start);
  // a line that holds more than the item, or a comment of its own, is not ours to remove
  if (!(isMap(parent) ? /^ *$/ : /^ *- *$/).test(lead) || !/^[ \t]*$/.test(text.slice(end, endOfLine(text, end)))) return undefined;
  return { start: lineStart, end: Math.min(text.length, text.indexOf('\n', end) + 1 || text.length), text: '' };
}

/** Where the text of an item ends, without blanks and line breaks after it. */
function contentEnd(text: string, item: unknown): number {
  const { isPair } = yaml();
  const range = isPair(item) ? (rangeOf(item.value) ?? rangeOf(item.key)) : rangeOf(item);
  let end = range?.[1] ?? 0;
  while (end > 0 && /\s/.test(text[end - 1] ?? '')) end--;
  return end;
}

function endOfLine(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  if (end < 0) return text.length;
  return text[end - 1] === '\r' ? end - 1 : end;
}

const lineBreak = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n');
