import { Expression, type Root } from './expression.js';
import type { Part } from './node.js';

// Begins with a letter, so it is no number; what YAML 1.1 or 1.2 reads as something else than a text is in RESERVED.
const PLAIN = /^[A-Za-z][\w./-]*(?: [A-Za-z0-9][\w./-]*)*$/;
const RESERVED = /^(?:true|false|yes|no|on|off|null|y|n)$/i;

/** A value that is known already, as people write it: quoted only where it must be. */
export function scalarText(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return isPlain(value) ? value : escaped(JSON.stringify(value));
}

const isPlain = (text: string): boolean => PLAIN.test(text) && !RESERVED.test(text);

/** There are a few hundred keys, each of which stands in thousands of objects. */
export function keyText(key: string): string {
  const known = KEYS.get(key) ?? scalarText(key);
  KEYS.set(key, known);
  return known;
}

const KEYS = new Map<string, string>();

/** A text with values in it, in double quotes; values hold no character that would end them (their schema says so). */
export function inlineText(parts: readonly Part[], root: Root): string {
  const [only] = parts;
  if (parts.length === 1 && only instanceof Expression) return goText(only, root);
  return `"${parts.map(part => rawText(part, root)).join('')}"`;
}

/** One value as a YAML scalar. */
export function goText(value: Expression, root: Root): string {
  const pipeline = value.go(root);
  switch (value.kind) {
    case 'string':
      return `{{ ${pipeline} | quote }}`;
    case 'integer':
      // a large number of a values file is a float, and would be written as 1e+06
      return pipeline.startsWith('include ') ? `{{ ${pipeline} }}` : `{{ ${pipeline} | int64 }}`;
    case 'integer or string':
      return `{{ ${pipeline} | toJson }}`;
    case 'boolean':
      return `{{ ${pipeline} }}`;
    default:
      throw new Error(`a ${value.kind} is no scalar`);
  }
}

/** A piece of a text inside of double quotes, or of a block. */
export function rawText(part: Part, root: Root, style: 'quoted' | 'block' = 'quoted'): string {
  if (part instanceof Expression) return `{{ ${part.go(root)} }}`;
  return escaped(style === 'block' ? part : JSON.stringify(part).slice(1, -1));
}

/** What would begin an action is printed by one. */
const escaped = (text: string): string => text.replaceAll('{{', '{{ "{{" }}');
