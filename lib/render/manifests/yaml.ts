import { KeyOrder, type OrderedKey } from './_key-order.js';
import { NOT_SURE } from './_not-sure.js';
import { isRecord, orderObject, withoutEmpty } from './_sanitize.js';
import { numberText, stringifyByLibrary } from './_scalar.js';
import { YamlBytes } from './_yaml-bytes.js';

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
  const writer = new YamlWriter(INITIAL_SIZE);
  return writer.tryObject(object) ? new TextDecoder().decode(writer.take()) : stringifyByLibrary(orderObject(object));
}

// 4 KB: most objects are smaller
const INITIAL_SIZE = 4096;

/** Writes one object after the other. */
export class YamlWriter {
  private readonly out: YamlBytes;

  /** @param size bytes to begin with; grows as needed */
  constructor(size: number) {
    this.out = new YamlBytes(size);
  }

  /** Bytes that `take` would give. */
  get length(): number {
    return this.out.length;
  }

  /** The bytes so far, valid until something is written; starts anew. */
  take(): Uint8Array {
    return this.out.take();
  }

  /** Text that is YAML already. */
  text(text: string): void {
    this.out.text(text);
  }

  /** False, and nothing written, for data that this writer is not sure of, or that is no JSON. */
  tryObject(object: JsonObject): boolean {
    const start = this.out.length;
    try {
      this.object(object);
      return true;
    } catch (error) {
      this.out.length = start;
      // RangeError: a cycle or a very deep object, for which the library has its own words
      if (error === NOT_SURE || error instanceof RangeError) return false;
      throw error;
    }
  }

  private object(object: JsonObject): void {
    const metadata = object.metadata;
    const clean = withoutEmpty(metadata);
    this.map(clean === metadata ? object : { ...object, metadata: clean }, objectKeys.of(object), 0);
  }

  /** The lines of a map, the first one without its indentation; false, and nothing written, for a map without values. */
  private map(map: JsonObject, order: readonly OrderedKey[], indent: number): boolean {
    const { out } = this;
    let written = false;
    for (const { key, bytes } of order) {
      const value = map[key];
      if (value === undefined || value === null) continue;
      if (written) out.spaces(indent);
      written = true;
      out.copy(bytes);
      if (typeof value === 'object') {
        const end = out.length;
        out.copy(NEWLINE);
        out.spaces(indent + 2);
        if (this.collection(value, indent + 2)) continue;
        out.length = end;
        out.copy(Array.isArray(value) ? EMPTY_LIST : EMPTY_MAP);
      } else this.leaf(value, indent + 2);
    }
    return written;
  }

  /** The lines of a list, the first one without its indentation; false for an empty one. */
  private list(list: readonly unknown[], indent: number): boolean {
    const { out } = this;
    for (let index = 0; index < list.length; index++) {
      const value = list[index];
      if (index > 0) out.spaces(indent);
      out.copy(DASH);
      if (typeof value === 'object' && value !== null) {
        const end = out.length;
        out.spaces(1);
        if (this.collection(value, indent + 2)) continue;
        out.length = end;
        out.copy(Array.isArray(value) ? EMPTY_LIST : EMPTY_MAP);
      } else this.leaf(value, indent + 2);
    }
    return list.length > 0;
  }

  private collection(value: object, indent: number): boolean {
    if (Array.isArray(value)) return this.list(value, indent);
    if (!isRecord(value)) throw NOT_SURE;
    return this.map(value, nestedKeys.of(value), indent);
  }

  /** A value behind its key or dash, to the end of the line. */
  private leaf(value: unknown, indent: number): void {
    const { out } = this;
    out.spaces(1);
    if (typeof value === 'string') out.string(value, indent);
    else if (typeof value === 'number') out.word(numberText(value));
    else if (typeof value === 'boolean') out.word(value ? 'true' : 'false');
    else throw NOT_SURE;
    out.copy(NEWLINE);
  }
}

const NEWLINE = Buffer.from('\n');
const DASH = Buffer.from('-');
const EMPTY_LIST = Buffer.from(' []\n');
const EMPTY_MAP = Buffer.from(' {}\n');
