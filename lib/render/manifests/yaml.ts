import { KeyOrder, type OrderedKey } from './_key-order.js';
import { NOT_SURE } from './_not-sure.js';
import { isRecord, orderObject, withoutEmpty } from './_sanitize.js';
import { numberText, stringifyByLibrary, stringText } from './_scalar.js';

type JsonObject = Readonly<Record<string, unknown>>;

/** UTF-16 order, as Array.prototype.sort without an argument has it. */
const byKey = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

const FIRST = ['metadata', 'kind', 'apiVersion'];
const byKeyOfObject = (left: string, right: string): number => FIRST.indexOf(right) - FIRST.indexOf(left) || byKey(left, right);

const objectKeys = new KeyOrder(byKeyOfObject);
const nestedKeys = new KeyOrder(byKey);

/**
 * A Kubernetes object as one YAML document: the bytes that cdk8s writes for `new ApiObject(chart, id, object)`.
 * Keys are sorted below `apiVersion, kind, metadata`; null and undefined are left out; empty maps and lists
 * are left out of the metadata only.
 *
 * @throws what cdk8s throws for data that is no JSON (a Date, a function, a cycle)
 */
export function stringifyObject(object: JsonObject): string {
  return tryStringifyObject(object) ?? stringifyByLibrary(orderObject(object));
}

/** The same without the library's help: undefined for data that this writer is not sure of, or that is no JSON. */
export function tryStringifyObject(object: JsonObject): string | undefined {
  try {
    return topLevel(object);
  } catch (error) {
    // RangeError: a cycle or a very deep object, for which the library has its own words
    if (error === NOT_SURE || error instanceof RangeError) return undefined;
    throw error;
  }
}

function topLevel(object: JsonObject): string {
  const metadata = object.metadata;
  const clean = withoutEmpty(metadata);
  return mapText(clean === metadata ? object : { ...object, metadata: clean }, objectKeys.of(object), 0);
}

const pads = [''];
const padOf = (depth: number): string => {
  for (let next = pads.length; next <= depth; next++) pads.push('  '.repeat(next));
  return pads[depth] ?? '';
};

/** The lines of a map; the first one without its indentation. Empty for a map without values. */
function mapText(map: JsonObject, order: readonly OrderedKey[], depth: number): string {
  const pad = padOf(depth);
  const inner = padOf(depth + 1);
  let text = '';
  for (const { key, text: keyText } of order) {
    const value = map[key];
    if (value === undefined || value === null) continue;
    text = text === '' ? keyText : text + pad + keyText;
    if (typeof value === 'object') {
      const block = Array.isArray(value) ? listText(value, depth + 1) : nestedText(value, depth + 1);
      text += block === '' ? (Array.isArray(value) ? ' []\n' : ' {}\n') : `\n${inner}${block}`;
    } else text += ` ${leafText(value, inner)}\n`;
  }
  return text;
}

function nestedText(value: object, depth: number): string {
  if (!isRecord(value)) throw NOT_SURE;
  return mapText(value, nestedKeys.of(value), depth);
}

/** The lines of a list; the first one without its indentation. */
function listText(list: readonly unknown[], depth: number): string {
  const pad = padOf(depth);
  const inner = padOf(depth + 1);
  let text = '';
  for (let index = 0; index < list.length; index++) {
    const value = list[index];
    if (index > 0) text += pad;
    if (typeof value === 'object' && value !== null) {
      const block = Array.isArray(value) ? listText(value, depth + 1) : nestedText(value, depth + 1);
      text += block === '' ? (Array.isArray(value) ? '- []\n' : '- {}\n') : `- ${block}`;
    } else text += `- ${leafText(value, inner)}\n`;
  }
  return text;
}

function leafText(value: unknown, pad: string): string {
  switch (typeof value) {
    case 'string':
      return stringText(value, pad);
    case 'number':
      return numberText(value);
    case 'boolean':
      return value ? 'true' : 'false';
    default:
      throw NOT_SURE;
  }
}
