/**
 * Characters that a terminal or a browser obeys rather than shows: control characters and line ends, marks that turn the
 * direction of text, and those without a shape.
 */
const OBEYED = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** A text of somebody else as it may be printed. */
export function printable(text: string): string {
  return text.replace(OBEYED, character => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
