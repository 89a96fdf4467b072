import type { Expression } from './expression.js';
import type { INDEX, Part } from './node.js';

/** A text for each of the first `count` numbers. */
export interface Repeat {
  readonly count: Expression;
  readonly parts: readonly (Part | typeof INDEX)[];
}

/**
 * Texts that stand for expressions while the plan and the constructs put names together. A token looks like the name
 * that it stands for (so that rules hold and lists keep their order), with an end that no name has.
 */
export class Tokens {
  private readonly texts = new Map<string, Expression>();
  private readonly durations = new Map<string, Expression>();
  private readonly repeats = new Map<string, Repeat | Expression>();
  private readonly byMark = new Map<string, string>();

  /** A text to be put into plans and names. @param like the value that it usually has */
  text(like: string, value: Expression): string {
    const token = this.token(like);
    this.texts.set(token, value);
    return token;
  }

  /** Registers a text that stands for an expression as a whole. */
  whole(text: string, value: Expression): void {
    if (this.durations.has(text)) throw new Error(`the text "${text}" stands for two values`);
    this.durations.set(text, value);
  }

  /** An item of a list of texts that stands for several. */
  items(like: string, value: Repeat | Expression): string {
    const token = this.token(like);
    this.repeats.set(token, value);
    return token;
  }

  /** What an item of a list stands for, when it stands for several. */
  itemsOf(text: string): Repeat | Expression | undefined {
    return this.repeats.get(text);
  }

  /** The parts of a text, or the one expression that it stands for. */
  parse(text: string): readonly Part[] {
    const whole = this.durations.get(text);
    if (whole) return [whole];
    if (!text.includes(MARK)) return [text];
    const parts: Part[] = [];
    let from = 0;
    for (const { 0: mark, index } of text.matchAll(MARKS)) {
      const end = index + mark.length;
      const token = this.byMark.get(mark) ?? '';
      const value = this.texts.get(token);
      if (this.repeats.has(token)) throw new Error(`a list of names stands in the middle of a text: ${JSON.stringify(text)}`);
      const start = end - token.length;
      // cut or changed by whoever put the text together, it would end up in the chart as it is
      if (value === undefined || start < from || !text.startsWith(token, start))
        throw new Error(`a value of the chart was cut in ${JSON.stringify(text)}`);
      if (start > from) parts.push(text.slice(from, start));
      parts.push(value);
      from = end;
    }
    const rest = text.slice(from);
    if (rest.includes(MARK)) throw new Error(`a value of the chart was cut in ${JSON.stringify(text)}`);
    return rest === '' ? parts : [...parts, rest];
  }

  /** The token that looks like a text, with an end of its own. */
  private token(like: string): string {
    const mark = `${MARK}${this.byMark.size}${END}`;
    this.byMark.set(mark, `${like}${mark}`);
    return `${like}${mark}`;
  }
}

const MARK = 'zqx';
const END = 'xqz';
const MARKS = new RegExp(`${MARK}\\d+${END}`, 'g');
