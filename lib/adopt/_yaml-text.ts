/** Texts that no YAML reader takes for anything else, plain; everything else as JSON, which YAML reads the same. */
export const quoted = (text: string): string => (/^[a-z][a-z0-9-]*$/i.test(text) && !WORDS.test(text) ? text : JSON.stringify(text));

const WORDS = /^(?:y|n|yes|no|on|off|true|false|null)$/i;

/** A comment is one line: whatever would end it, or turn it round, is left out. */
export const comment = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
