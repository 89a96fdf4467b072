import type { Yaml } from 'cdk8s';
import { NOT_SURE } from './_not-sure.js';

let library: typeof Yaml | undefined;

/** What cdk8s itself writes; loaded only when something needs it. */
export function stringifyByLibrary(value: unknown): string {
  library ??= (require('cdk8s') as typeof import('cdk8s')).Yaml;
  return library.stringify(value);
}

// bits of a character's class
const STARTS = 1; // begins a plain word that is no number, no time and no indicator
const DIGIT = 2;
const INNER = 4; // may stand anywhere after the first character
const WORD_ONLY = 8; // occurs in no YAML 1.1 number or time
const classes = new Uint8Array(128);
for (let code = 0x21; code < 0x7f; code++) {
  const character = String.fromCharCode(code);
  classes[code] =
    (/[A-Za-z_/]/.test(character) ? STARTS : 0) |
    (/[0-9]/.test(character) ? DIGIT : 0) |
    (character === '#' ? 0 : INNER) |
    (/[g-npqrsuvwyG-NPQRSUVWY/]/.test(character) ? WORD_ONLY : 0);
}

const SPACE = 0x20;
const COLON = 0x3a;

/** True where the library certainly writes the string as it is; false where it may not. */
function isPlain(text: string): boolean {
  const length = text.length;
  const first = text.charCodeAt(0);
  const firstClass = first < 128 ? (classes[first] ?? 0) : 0;
  let seen = 0;
  let previous = first;
  for (let index = 1; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code === SPACE) {
      if (previous === COLON) return false;
    } else {
      const inner = code < 128 ? (classes[code] ?? 0) : 0;
      if (inner === 0) return false;
      seen |= inner;
    }
    previous = code;
  }
  if (previous === SPACE || previous === COLON) return false;
  if ((firstClass & DIGIT) !== 0) return (seen & WORD_ONLY) !== 0;
  // 5: the longest word with a meaning is "false"
  return (firstClass & STARTS) !== 0 && (length > 5 || !MEANING.test(text)) && !EXPONENT.test(text);
}

const MEANING = /^(?:y|n|yes|no|on|off|true|false|null)$/i;
// a float without digits before its exponent
const EXPONENT = /^[eE][-+]?[0-9]/;
// yaml's containsDocumentMarker: what it does with these depends on the nesting
const DOCUMENT_MARKER = /^(?:%|---|\.\.\.)/m;
// what yaml forces into double quotes
const CONTROL = /(?![\t\n])[\p{Cc}\p{Cs}]/u;

// 4096: enough for the values that repeat in a fleet; without a limit, memory grows with the number of services
const MEMO_LIMIT = 4096;
const scalars = new Map<string, string>();

/** Text of a string without line breaks; throws NOT_SURE where the text would depend on its place. */
function singleLine(text: string): string {
  const known = scalars.get(text);
  if (known !== undefined) return known;
  if (DOCUMENT_MARKER.test(text)) throw NOT_SURE;
  const written = stringifyByLibrary(text).slice(0, -1);
  if (scalars.size < MEMO_LIMIT) scalars.set(text, written);
  return written;
}

/** A literal block such as the JSON text of a ConfigMap; `pad` is the indentation of its lines. */
function literalBlock(text: string, pad: string): string {
  const first = text.charCodeAt(0);
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0x0a) end--;
  const last = text.charCodeAt(end - 1);
  // blanks at either end and leading newlines change the header
  if (end === 0 || first === 0x0a || first === SPACE || first === 0x09 || last === SPACE || last === 0x09) throw NOT_SURE;
  if (CONTROL.test(text)) throw NOT_SURE;
  const newlines = text.length - end;
  const header = newlines === 0 ? '|-\n' : newlines === 1 ? '|\n' : '|+\n';
  let written = header;
  let from = 0;
  for (;;) {
    const at = text.indexOf('\n', from);
    const stop = at === -1 ? text.length : at;
    if (stop > from) written += pad + text.slice(from, stop);
    if (at === -1 || at >= text.length - 1) return written;
    written += '\n';
    from = at + 1;
  }
}

/** Text of a string value on lines that are indented by `pad`. */
export function stringText(text: string, pad: string): string {
  if (isPlain(text)) return text;
  return text.includes('\n') ? literalBlock(text, pad) : singleLine(text);
}

export function numberText(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : `${value}`;
  return Number.isNaN(value) ? '.nan' : value < 0 ? '-.inf' : '.inf';
}

/** Text of a key with its colon; throws NOT_SURE for keys that change more than their own line. */
export function keyText(key: string): string {
  // such keys change the order or the nature of a JavaScript object
  if (/^(?:0|[1-9][0-9]{0,9})$/.test(key) || key === '__proto__' || key === 'constructor') throw NOT_SURE;
  // 1024: longer keys, and keys of several lines, are written as `? key`
  if (key.length > 1000 || /[\r\n]/.test(key)) throw NOT_SURE;
  return `${isPlain(key) ? key : singleLine(key)}:`;
}
