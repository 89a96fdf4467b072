import type { FieldPath } from './object.js';

/** A key or an item: offsets in the text, and how many parts of the path were found. */
export interface BlockField {
  readonly start: number;
  readonly end: number;
  readonly depth: number;
}

interface Line {
  readonly start: number;
  readonly indent: number;
  /** Without indent and line end; the dash of an item counts as indent once it was taken. */
  readonly text: string;
}

/** Lines of a text that hold something. */
export function contentLines(text: string): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < text.length; ) {
    let end = text.indexOf('\n', start);
    if (end < 0) end = text.length;
    let at = start;
    while (at < end && text.charCodeAt(at) === 0x20) at++;
    const line = text.slice(at, text.charCodeAt(end - 1) === 0x0d ? end - 1 : end);
    if (line !== '' && !line.startsWith('#')) lines.push({ start, indent: at - start, text: line });
    start = end + 1;
  }
  return lines;
}

const ITEM = /^-(?: +|$)/;
// what stands at the start of a line otherwise: anchors, tags, aliases, merges, flow, explicit keys, tabs
const ODD = /^[&*!?{[}\]|>%@`\t,]|^<<\s*:/;

/**
 * Finds a field by the indents of lines, without parsing: in block style a line at the indent of a map is one of its
 * keys, whatever texts stand between. Undefined where the style is another one and a parser must decide.
 */
export function locateBlock(lines: readonly Line[], path: FieldPath): BlockField | undefined {
  const [first] = lines;
  if (first?.indent !== 0 || ODD.test(first.text) || ITEM.test(first.text)) return undefined;
  let from = 0;
  let to = lines.length;
  let indent = 0;
  /** The first line of an item has its key behind the dash. */
  let lead: Line | undefined;
  let found: BlockField = { start: first.start, end: first.start + first.text.length, depth: 0 };
  for (const [depth, part] of path.entries()) {
    const region = typeof part === 'number' ? itemOf(lines, from, to, part) : keyOf(lines, from, to, indent, lead, part);
    if (region === undefined) return undefined;
    if (region === 'absent') return found;
    found = { start: region.start, end: region.end, depth: depth + 1 };
    ({ from, to, indent, lead } = region);
    if (depth < path.length - 1 && !region.open) return region.leaf ? found : undefined;
  }
  return found;
}

/** What a value starts with that holds fields in another style, or is none of its own. */
const NOT_A_TEXT = /^[&*!{[?]/;

const TRUE = /^(?:y|yes|true|on)$/i;
const FALSE = /^(?:n|no|false|off)$/i;

/** Whether a key as it is written is a key as it is read: those of YAML 1.1 that are booleans are read as their JSON. */
export function sameKey(written: string, part: string): boolean {
  return written === part || (part === 'true' && TRUE.test(written)) || (part === 'false' && FALSE.test(written));
}

interface Region {
  readonly start: number;
  readonly end: number;
  /** Lines of the value. */
  readonly from: number;
  readonly to: number;
  readonly indent: number;
  readonly lead: Line | undefined;
  /** Whether the value is in block style, so that the search can go on in it. */
  readonly open: boolean;
  /** Whether there is nothing below: a text, a number, or no value at all. */
  readonly leaf: boolean;
}

function keyOf(
  lines: readonly Line[],
  from: number,
  to: number,
  indent: number,
  lead: Line | undefined,
  part: string,
): Region | 'absent' | undefined {
  for (let index = from; index < to; index++) {
    const line = index === from && lead ? lead : lines[index];
    if (!line || line.indent > indent) continue;
    // a list may stand at the indent of its key
    if (line.indent === indent && ITEM.test(line.text)) continue;
    if (line.indent < indent || ODD.test(line.text)) return undefined;
    const key = keyText(line.text);
    if (key === undefined) return undefined;
    if (!sameKey(key.text, part)) continue;
    const start = line.start + line.indent;
    const end = start + key.length;
    const rest = line.text.slice(key.colon + 1).trim();
    const next = nextAtMost(lines, index + 1, to, indent);
    if (rest !== '' && !rest.startsWith('#'))
      return { start, end, from: 0, to: 0, indent, lead: undefined, open: false, leaf: !NOT_A_TEXT.test(rest) };
    return {
      start,
      end,
      from: index + 1,
      to: next,
      indent: lines[index + 1]?.indent ?? 0,
      lead: undefined,
      open: next > index + 1,
      leaf: next === index + 1,
    };
  }
  return 'absent';
}

/** Lines up to the next one of the same map; the dashes of a list may stand at the indent of its key. */
function nextAtMost(lines: readonly Line[], from: number, to: number, indent: number): number {
  let index = from;
  const dashes = lines[from]?.indent === indent && ITEM.test(lines[from]?.text ?? '');
  while (index < to) {
    const line = lines[index];
    if (!line || line.indent < indent || (line.indent === indent && !(dashes && ITEM.test(line.text)))) break;
    index++;
  }
  return index;
}

function itemOf(lines: readonly Line[], from: number, to: number, part: number): Region | 'absent' | undefined {
  const indent = lines[from]?.indent ?? 0;
  let count = -1;
  for (let index = from; index < to; index++) {
    const line = lines[index];
    if (!line || line.indent > indent) continue;
    const dash = ITEM.exec(line.text)?.[0];
    if (line.indent < indent || dash === undefined) return undefined;
    if (++count < part) continue;
    const text = line.text.slice(dash.length);
    const inner = line.indent + dash.length;
    const start = line.start + inner;
    if (text === '' || text.startsWith('#') || ITEM.test(text)) return undefined;
    let next = index + 1;
    while (next < to && (lines[next]?.indent ?? 0) > indent) next++;
    const isMap = !ODD.test(text) && keyText(text) !== undefined;
    return {
      start,
      end: start + endOf(text),
      from: index,
      to: next,
      indent: inner,
      lead: { start: line.start, indent: inner, text },
      open: isMap,
      leaf: !isMap && !ODD.test(text) && !/:(?:\s|$)/.test(text),
    };
  }
  return 'absent';
}

/** A plain or quoted key of one line; undefined where there is none. */
function keyText(text: string): { readonly text: string; readonly length: number; readonly colon: number } | undefined {
  const quote = text[0];
  if (quote === '"' || quote === "'") {
    const close = text.indexOf(quote, 1);
    const inner = text.slice(1, close);
    if (close < 0 || inner.includes('\\') || !/^\s*:(?:\s|$)/.test(text.slice(close + 1)) || text[close + 1] === quote) return undefined;
    return { text: inner, length: close + 1, colon: text.indexOf(':', close) };
  }
  const match = /^[^#\s:](?:[^#]|(?<=\S)#)*?(?=\s*:(?:\s|$))/.exec(text)?.[0];
  return match === undefined ? undefined : { text: match, length: match.length, colon: text.indexOf(':', match.length) };
}

/** Where a plain item ends before a comment. */
function endOf(text: string): number {
  const comment = /\s+#/.exec(text)?.index;
  return /^["']/.test(text) || comment === undefined ? text.trimEnd().length : comment;
}
