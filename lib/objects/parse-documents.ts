import { firstContent, locateKey } from './locate.js';
import { type FieldPath, isRecord, type KubernetesObject, type ObjectSource, ObjectsError, type Place, parseObject } from './object.js';
import type { ReadObject } from './object-set.js';
import { documentText, type SourceDocument, type SourceFile, splitDocuments } from './source-document.js';
import { parseYaml, YamlProblem } from './yaml-value.js';

/** One value of a file: a document, or an item of a List. Its place is found when asked for. */
export class ParsedValue {
  #source: ObjectSource | undefined;

  constructor(
    readonly value: unknown,
    readonly document: SourceDocument,
    readonly prefix: FieldPath,
  ) {}

  get source(): ObjectSource {
    this.#source ??= this.#locate();
    return this.#source;
  }

  #locate(): ObjectSource {
    const offset = this.prefix.length === 0 ? firstContent(this.document) : locateKey(this.document, this.prefix).key[0];
    return { file: this.document.file.name, line: lineOf(this.document, offset) };
  }

  placeAt(path: FieldPath): Place {
    const { file } = this.document;
    const { key, indent } = locateKey(this.document, [...this.prefix, ...path]);
    return { file: file.name, line: lineOf(this.document, key[0]), column: indent + 1, endColumn: indent + 1 + key[1] - key[0] };
  }
}

/** 1-based line of an offset that lies in the document. */
export function lineOf({ file, start, line }: SourceDocument, offset: number): number {
  let count = line;
  for (let at = file.text.indexOf('\n', start); at >= 0 && at < offset; at = file.text.indexOf('\n', at + 1)) count++;
  return count;
}

class ReadFromText implements ReadObject {
  constructor(
    readonly object: KubernetesObject,
    private readonly parsed: ParsedValue,
  ) {}

  get source(): ObjectSource {
    return this.parsed.source;
  }

  get origin(): NonNullable<ReadObject['origin']> {
    return this.parsed;
  }

  readonly lineAt = (path: FieldPath): number => (path.length === 0 ? this.source.line : this.parsed.placeAt(path).line);
  readonly placeAt = (path: FieldPath): Place => this.parsed.placeAt(path);
}

/** @throws ObjectsError for a value that is no Kubernetes object */
export function toObject(parsed: ParsedValue): ReadObject {
  const object = parseObject(parsed.value);
  if (typeof object === 'string') throw new ObjectsError(parsed.source, object);
  return new ReadFromText(object, parsed);
}

/** Every value of a file; documents that can't be read go to `refuse`, and the others are read all the same. */
export function parseFile(file: SourceFile, refuse: (error: ObjectsError) => void): ParsedValue[] {
  const values: ParsedValue[] = [];
  for (const document of splitDocuments(file)) {
    let value: unknown;
    try {
      value = parseYaml(documentText(document));
    } catch (error) {
      if (!(error instanceof YamlProblem)) throw error;
      refuse(new ObjectsError({ file: file.name, line: document.line + Math.min(error.line, lastLine(document)) }, error.message));
      continue;
    }
    if (value === null || value === undefined) continue;
    for (const { item, prefix } of unwrapList(value)) values.push(new ParsedValue(item, document, prefix));
  }
  return values;
}

/** `kubectl get -o yaml` wraps what it prints in one List, others in a CertificateList, whose items may leave out what they are. */
function unwrapList(value: unknown): { readonly item: unknown; readonly prefix: FieldPath }[] {
  const kind = isRecord(value) && typeof value.kind === 'string' ? value.kind : '';
  if (!isRecord(value) || !kind.endsWith('List') || !Array.isArray(value.items)) return [{ item: value, prefix: [] }];
  const implied = kind === 'List' ? {} : { apiVersion: value.apiVersion, kind: kind.slice(0, -'List'.length) };
  return value.items.map((item: unknown, index) => ({
    item: isRecord(item) && kind !== 'List' ? { ...implied, ...item } : item,
    prefix: ['items', index],
  }));
}

/** From 0, the last line of a document that is not blank: a bracket that is never closed is missed behind it. */
function lastLine(document: SourceDocument): number {
  return documentText(document).trimEnd().split('\n').length - 1;
}
