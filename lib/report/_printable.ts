const MAX_LINE = 400;

/** Names and lines come from files of others: a terminal must not obey what is in them, nor drown in their length. */
export function printable(text: string, limit = MAX_LINE): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters and bidirectional overrides are what is looked for
  const safe = text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, character => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return safe.length > limit ? `${safe.slice(0, limit - 3)}...` : safe;
}
