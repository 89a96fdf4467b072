import { printable } from '../printable.js';

/** A piece of HTML. Only `html` and `fixed` make one, so a text that stands in it was escaped. */
export class Html {
  constructor(readonly text: string) {}
}

type Value = Html | string | number | undefined | readonly Value[];

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** For content and for quoted attributes; control characters and such that turn the direction of text become visible. */
export const escapeHtml = (text: string): string => printable(text).replace(/[&<>"']/g, character => ENTITIES[character] ?? '');

/** A template in which every value is escaped unless it is HTML already; lists are joined, undefined is nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(parts.map((part, index) => part + textOf(values[index])).join(''));
}

/** HTML that stands in this program's own files, never in somebody's input. */
export const fixed = (text: string): Html => new Html(text);

function textOf(value: Value): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return escapeHtml(value);
  return value.map(textOf).join('');
}
