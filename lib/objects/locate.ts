import type { Document, Node } from 'yaml';
import { contentLines, locateBlock, sameKey } from './locate-block.js';
import { type FieldPath, isRecord } from './object.js';
import { documentText, type SourceDocument } from './source-document.js';

/** Offsets in the text of the file. */
export interface FieldRange {
  /** The key and its end; of a list's item, its value. */
  readonly key: readonly [start: number, end: number];
  /** Where the value starts and ends, without trailing comments; undefined when the path ends before. */
  readonly value: readonly [start: number, end: number] | undefined;
  /** How many parts of the path exist. */
  readonly depth: number;
  /** Column of the key within its line, from 0. */
  readonly indent: number;
}

interface Located {
  readonly source: SourceDocument;
  readonly document: Document | undefined;
}

// findings come object by object, so the document of the last one is nearly always asked again
const KEPT = 4;
let kept: Located[] = [];

/** The key of a field, or of the nearest field above it that exists: by indents where that is enough, else like `locateField`. */
export function locateKey(source: SourceDocument, path: FieldPath): Pick<FieldRange, 'key' | 'indent'> {
  if (lastLines?.source !== source) lastLines = { source, lines: contentLines(documentText(source)) };
  const found = locateBlock(lastLines.lines, path);
  if (!found) return locateField(source, path);
  const at = found.start + source.start;
  return { key: [at, found.end + source.start], indent: at - (source.file.text.lastIndexOf('\n', at - 1) + 1) };
}

let lastLines: { readonly source: SourceDocument; readonly lines: ReturnType<typeof contentLines> } | undefined;

/**
 * Where a field stands, by parsing its one document again with positions: most runs ask for few fields, and keeping
 * the positions of all would cost many times the reading.
 */
export function locateField(source: SourceDocument, path: FieldPath): FieldRange {
  const { document } = parsed(source);
  const { isAlias, isMap, isNode, isSeq } = require('yaml') as typeof import('yaml');
  const root: unknown = document?.contents;
  const start = rangeOf(root)?.[0] ?? firstContent(source) - source.start;
  let node: unknown = root;
  let key: readonly [number, number] = [start, firstLineEnd(source, start)];
  let value = rangeOf(root);
  let depth = 0;
  for (const part of path) {
    if (isAlias(node) && document) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(item => sameKey(keyText(item.key), String(part)));
      if (!pair) break;
      key = rangeOf(pair.key) ?? key;
      node = pair.value;
    } else if (isSeq(node) && typeof part === 'number') {
      const item: unknown = node.items[part];
      if (!isNode(item)) break;
      const range = rangeOf(item);
      if (range) key = [range[0], Math.min(range[1], firstLineEnd(source, range[0]))];
      node = item;
    } else break;
    value = rangeOf(node);
    depth++;
  }
  const shift = source.start;
  const at = key[0] + shift;
  return {
    key: [at, key[1] + shift],
    value: depth === path.length && value ? [value[0] + shift, value[1] + shift] : undefined,
    depth,
    indent: at - (source.file.text.lastIndexOf('\n', at - 1) + 1),
  };
}

/** The tree with positions of one document, for what edits a text. */
export function nodeTree(source: SourceDocument): Document | undefined {
  return parsed(source).document;
}

function parsed(source: SourceDocument): Located {
  const found = kept.find(entry => entry.source === source);
  if (found) return found;
  const { parseDocument } = require('yaml') as typeof import('yaml');
  let document: Document | undefined;
  try {
    // failsafe: keys as they are written; uniqueKeys off: js-yaml has refused those, and the check is quadratic
    document = parseDocument(documentText(source), { schema: 'failsafe', uniqueKeys: false, strict: false, logLevel: 'silent' });
  } catch {
    // the two readers may differ about odd texts; then a finding points to the start of the document
    document = undefined;
  }
  const located = { source, document };
  kept = [located, ...kept].slice(0, KEPT);
  return located;
}

function rangeOf(node: unknown): readonly [number, number] | undefined {
  const range = (node as Node | null | undefined)?.range;
  return range ? [range[0], range[1]] : undefined;
}

function keyText(key: unknown): string {
  return isRecord(key) && 'value' in key ? String(key.value) : String(key);
}

function firstLineEnd(source: SourceDocument, offset: number): number {
  const end = source.file.text.indexOf('\n', source.start + offset);
  return (end < 0 ? source.end : Math.min(end, source.end)) - source.start;
}

/** Offset in the file of the first character that is neither blank nor comment. */
export function firstContent({ file, start, end }: SourceDocument): number {
  const skip = /(?:[ \t]*(?:[#%].*)?\r?\n)*[ \t]*/y;
  skip.lastIndex = start;
  const length = skip.exec(file.text)?.[0].length ?? 0;
  return Math.min(start + length, end);
}
