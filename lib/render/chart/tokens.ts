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
  /** The same few names stand in most objects. */
  private readonly parsed = new Map<string, readonly Part[]>();
  private pattern: RegExp | undefined;

  /** A text to be put into plans and names. @param like the value that it usually has */
  text(like: string, value: Expression): string {
    const token = `${like}${this.mark()}`;
    this.texts.set(token, value);
    this.pattern = undefined;
    return token;
  }

  /** Registers a text that stands for an expression as a whole. */
  whole(text: string, value: Expression): void {
    if (this.durations.has(text)) throw new Error(`the text "${text}" stands for two values`);
    this.durations.set(text, value);
  }

  /** An item of a list of texts that stands for several. */
  items(like: string, value: Repeat | Expression): string {
    const token = `${like}${this.mark()}`;
    this.repeats.set(token, value);
    return token;
  }

  /** What an item of a list stands for, when it stands for several. */
  itemsOf(text: string): Repeat | Expression | undefined {
    return this.repeats.get(text);
  }

  /** The parts of a text, or the one expression that it stands for. */
  parse(text: string): readonly Part[] {
    const known = this.parsed.get(text);
    if (known) return known;
    const parts = this.parseText(text);
    this.parsed.set(text, parts);
    return parts;
  }

  private parseText(text: string): readonly Part[] {
    const whole = this.durations.get(text);
    if (whole) return [whole];
    if (!text.includes(MARK)) return [text];
    for (const token of this.repeats.keys()) {
      if (text.includes(token)) throw new Error(`a list of names stands in the middle of a text: ${JSON.stringify(text)}`);
    }
    const parts = text.split(this.regex()).filter(part => part !== '');
    return parts.map(part => {
      const value = this.texts.get(part);
      // cut or changed by whoever put the text together, it would end up in the chart as it is
      if (value === undefined && part.includes(MARK)) throw new Error(`a value of the chart was cut in ${JSON.stringify(text)}`);
      return value ?? part;
    });
  }

  private regex(): RegExp {
    if (this.pattern) return this.pattern;
    // the longest first: a token may begin with another one's text
    const tokens = [...this.texts.keys()].sort((a, b) => b.length - a.length);
    this.pattern = new RegExp(`(${tokens.map(token => token.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')).join('|')})`);
    return this.pattern;
  }

  private mark(): string {
    return `${MARK}${this.texts.size + this.repeats.size}${END}`;
  }
}

const MARK = 'zqx';
const END = 'xqz';
