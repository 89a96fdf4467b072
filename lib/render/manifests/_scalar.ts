import type { Yaml } from 'cdk8s';
import { NOT_SURE } from './_not-sure.js';

let library: typeof Yaml | undefined;

/** What cdk8s itself writes; loaded only when something needs it. */
export function stringifyByLibrary(value: unknown): string {
  library ??= (require('cdk8s') as typeof import('cdk8s')).Yaml;
  return library.stringify(value);
}

/** Bits of a character's class. */
export const STARTS = 1; // begins a plain word that is no number, no time and no indicator
export const DIGIT = 2;
export const INNER = 4; // may stand anywhere after the first character
export const WORD_ONLY = 8; // occurs in no YAML 1.1 number or time

/** By UTF-16 code; 0 where only the library knows: all but ASCII, control characters, the space and `#`. */
export const classes = new Uint8Array(0x10000);
for (let code = 0x21; code < 0x7f; code++) {
  const character = String.fromCharCode(code);
  if (character === '#') continue;
  classes[code] =
    INNER |
    (/[A-Za-z_/]/.test(character) ? STARTS : 0) |
    (/[0-9]/.test(character) ? DIGIT : 0) |
    (/[g-npqrsuvwyG-NPQRSUVWY/]/.test(character) ? WORD_ONLY : 0);
}

const MEANING = /^(?:y|n|yes|no|on|off|true|false|null)$/i;
// a float without digits before its exponent
const EXPONENT = /^[eE][-+]?[0-9]/;

/** True for a word of letters that YAML 1.1 takes for something else than a string. */
export function isMeant(word: string): boolean {
  // 5: the longest such word is "false"
  if (word.length <= 5 && MEANING.test(word)) return true;
  const first = word.charCodeAt(0) | 0x20;
  return first === 0x65 && EXPONENT.test(word);
}

// yaml's containsDocumentMarker: what it does with these depends on the nesting
const DOCUMENT_MARKER = /^(?:%|---|\.\.\.)/m;

// 4096: enough for the values that repeat in a fleet; without a limit, memory grows with the number of services
const MEMO_LIMIT = 4096;
const memo = new Map<string, Uint8Array>();

/** A string without line breaks as the library writes it; throws NOT_SURE where the text would depend on its place. */
export function singleLine(text: string): Uint8Array {
  const known = memo.get(text);
  if (known !== undefined) return known;
  if (DOCUMENT_MARKER.test(text)) throw NOT_SURE;
  const written = Buffer.from(stringifyByLibrary(text).slice(0, -1));
  if (memo.size < MEMO_LIMIT) memo.set(text, written);
  return written;
}

export function numberText(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : `${value}`;
  return Number.isNaN(value) ? '.nan' : value < 0 ? '-.inf' : '.inf';
}
