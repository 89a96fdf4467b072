import { NOT_SURE } from './_not-sure.js';
import { classes, DIGIT, isMeant, STARTS, singleLine, WORD_ONLY } from './_scalar.js';

const NEWLINE = 0x0a;
const SPACE = 0x20;
const COLON = 0x3a;
const TAB = 0x09;

/**
 * Text under construction as bytes: a character is looked at and copied in one step, where joining strings
 * would make millions of short-lived ones.
 */
export class YamlBytes {
  private bytes: Buffer;
  /** Bytes that are written. Setting it back takes back what was written since. */
  length = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  /** The bytes so far, valid until something is written; starts anew. */
  take(): Uint8Array {
    const taken = this.bytes.subarray(0, this.length);
    this.length = 0;
    return taken;
  }

  text(text: string): void {
    this.reserve(text.length * 3);
    this.length += this.bytes.write(text, this.length);
  }

  copy(source: Uint8Array): void {
    const size = source.length;
    this.reserve(size);
    const { bytes, length } = this;
    for (let index = 0; index < size; index++) bytes[length + index] = source[index] ?? 0;
    this.length = length + size;
  }

  spaces(count: number): void {
    this.reserve(count);
    const { bytes, length } = this;
    for (let index = 0; index < count; index++) bytes[length + index] = SPACE;
    this.length = length + count;
  }

  /** A number, true or false. */
  word(text: string): void {
    const size = text.length;
    this.reserve(size);
    const { bytes, length } = this;
    for (let index = 0; index < size; index++) bytes[length + index] = text.charCodeAt(index);
    this.length = length + size;
  }

  /** A string value on lines that are indented by `indent` spaces; throws NOT_SURE where only the library knows. */
  string(text: string, indent: number): void {
    if (this.plain(text)) return;
    if (text.includes('\n')) this.literalBlock(text, indent);
    else this.copy(singleLine(text));
  }

  /** Writes the string if it certainly stands for itself; leaves nothing behind if it may not. */
  private plain(text: string): boolean {
    const size = text.length;
    this.reserve(size);
    const { bytes, length } = this;
    const first = text.charCodeAt(0);
    const firstClass = classes[first] ?? 0;
    if ((firstClass & (STARTS | DIGIT)) === 0) return false;
    bytes[length] = first;
    let seen = 0;
    let previous = first;
    for (let index = 1; index < size; index++) {
      const code = text.charCodeAt(index);
      const found = classes[code] ?? 0;
      // a space, but none behind a colon
      if (found === 0 && (code !== SPACE || previous === COLON)) return false;
      seen |= found;
      bytes[length + index] = code;
      previous = code;
    }
    if (previous === SPACE || previous === COLON) return false;
    if ((firstClass & DIGIT) !== 0 ? (seen & WORD_ONLY) === 0 : isMeant(text)) return false;
    this.length = length + size;
    return true;
  }

  /** A literal block such as the JSON text of a ConfigMap. */
  private literalBlock(text: string, indent: number): void {
    let end = text.length;
    while (end > 0 && text.charCodeAt(end - 1) === NEWLINE) end--;
    const first = text.charCodeAt(0);
    // blanks at either end and leading newlines change the header
    if (end === 0 || first === NEWLINE || isBlank(first) || isBlank(text.charCodeAt(end - 1))) throw NOT_SURE;
    const newlines = text.length - end;
    this.word(newlines === 0 ? '|-' : newlines === 1 ? '|' : '|+');
    // every second character may be a newline with an indented line behind it
    this.reserve(text.length + 1 + ((text.length >> 1) + 1) * indent);
    const { bytes } = this;
    let length = this.length;
    let lineStart = true;
    bytes[length++] = NEWLINE;
    // the last newline is the end of the block itself
    const size = newlines === 0 ? text.length : text.length - 1;
    for (let index = 0; index < size; index++) {
      const code = text.charCodeAt(index);
      if (code === NEWLINE) lineStart = true;
      else {
        if (code < SPACE ? code !== TAB : code > 0x7e) throw NOT_SURE;
        if (lineStart) {
          for (let pad = 0; pad < indent; pad++) bytes[length++] = SPACE;
          lineStart = false;
        }
      }
      bytes[length++] = code;
    }
    this.length = length;
  }

  private reserve(size: number): void {
    const needed = this.length + size;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}

const isBlank = (code: number): boolean => code === SPACE || code === TAB;
