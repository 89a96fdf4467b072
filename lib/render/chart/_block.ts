import { inlineText, rawText } from './_scalar-text.js';
import { type Condition, goCondition } from './condition.js';
import { Expression, type Root } from './expression.js';
import type { Line } from './node.js';

/** A literal block where one can hold the lines, else a quoted text. */
export function blockText(lines: readonly Line[], indent: string, root: Root): string {
  const body = isBlank(lines.at(-1)) ? lines.slice(0, -1) : lines;
  if (!lines.every(fitsBlock) || body.length === 0 || isBlank(body.at(-1)) || !startsBlock(body[0])) {
    if (lines.some(line => line.when.kind !== 'always')) throw new Error('a text with conditional lines fits into no block');
    const parts = lines.flatMap((line, index) => (index === 0 ? line.parts : ['\n', ...line.parts]));
    return `${inlineText(parts, root)}\n`;
  }
  const inner = `${indent}  `;
  let text = body.length === lines.length ? '|-\n' : '|\n';
  let open: Condition | undefined;
  for (const line of body) {
    if (open !== undefined && line.when !== open) {
      text += `${inner}{{- end }}\n`;
      open = undefined;
    }
    if (open === undefined && line.when.kind !== 'always') {
      text += `${inner}{{- if ${goCondition(line.when, root)} }}\n`;
      open = line.when;
    }
    const content = line.parts.map(part => rawText(part, root, 'block')).join('');
    text += content === '' ? '\n' : `${inner}${content}\n`;
  }
  return open === undefined ? text : `${text}${inner}{{- end }}\n`;
}

const isBlank = (line: Line | undefined): boolean => line?.parts.every(part => part === '') ?? false;

/** Printable text; a block can't hold other characters, and a tab is taken for indentation. */
const fitsBlock = (line: Line): boolean => line.parts.every(part => part instanceof Expression || /^[\x20-\x7e]*$/.test(part));

/** The first line decides the indentation of a block, so it can't begin with a space or be conditional. */
function startsBlock(line: Line | undefined): boolean {
  const [first] = line?.parts ?? [];
  return line?.when.kind === 'always' && (first instanceof Expression || (first !== undefined && /^[^ ]/.test(first)));
}
