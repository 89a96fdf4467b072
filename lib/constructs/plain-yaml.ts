/** Text of YAML files whose shape is known beforehand, at the cost of string building alone. */

type Scalars = Readonly<Record<string, string | number>>;

/** A string as YAML: quoted unless it can be nothing else than a string, in the quotes that need no escapes. */
export function scalar(value: string | number): string {
  if (typeof value === 'number') return String(value);
  if (/^[\x20-\x7e]*["\\][\x20-\x7e]*$/.test(value) && !value.includes("'")) return `'${value}'`;
  return /^[A-Za-z][\w./]*(?:[-:][\w./]+)*$/.test(value) && !RESERVED.test(value) ? value : JSON.stringify(value);
}

// What YAML 1.1 or 1.2 reads as a boolean or null.
const RESERVED = /^(?:true|false|yes|no|on|off|null|y|n)$/i;

/** `{a: x, b: y}` on one line. */
export function flowMap(entries: Scalars): string {
  const parts: string[] = [];
  for (const key in entries) {
    const value = entries[key];
    if (value !== undefined) parts.push(`${key}: ${scalar(value)}`);
  }
  return `{${parts.join(', ')}}`;
}

/** `key: value`, as a literal block when it has several lines. */
export function entry(indent: string, key: string, value: string | number): string {
  if (typeof value === 'number' || !BLOCK.test(value)) return `${indent}${key}: ${scalar(value)}\n`;
  return `${indent}${key}: |-\n${value.replace(/^(?=.)/gm, `${indent}  `)}\n`;
}

// Printable lines, the first and the last not blank: anything else needs indicators that quotes do not.
const BLOCK = /^[\x21-\x7e][\x20-\x7e]*\n(?:[\x20-\x7e]*\n)*[\x20-\x7e]*[\x21-\x7e]$/;
