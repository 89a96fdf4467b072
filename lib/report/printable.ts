/**
 * Characters that a terminal or a browser obeys rather than shows: control characters and line ends, marks that turn the
 * direction of text, and those without a shape.
 */
const OBEYED = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** In which a terminal does not drown. */
const LONGEST_LINE = 400;

/** A text of somebody else as it may be printed. */
export function printable(text: string): string {
  return text.replace(OBEYED, character => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same, cut where it is longer than anybody reads. */
export function printableLine(text: string, limit = LONGEST_LINE): string {
  const safe = printable(text);
  return safe.length > limit ? `${safe.slice(0, limit - 3)}...` : safe;
}
