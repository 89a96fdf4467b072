import { apiGroup, type FieldPath, type KubernetesObject, type ObjectSource, type Place } from './object.js';
import type { SourceDocument } from './source-document.js';

export interface ReadObject {
  readonly object: KubernetesObject;
  readonly source: ObjectSource;
  /** Line of a field, or of the nearest field above it that exists. */
  readonly lineAt: (path: FieldPath) => number;
  /** The same with columns. */
  readonly placeAt: (path: FieldPath) => Place;
  /** The text that it was read from, and where in the document it stands; undefined for objects made in memory. */
  readonly origin?: { readonly document: SourceDocument; readonly prefix: FieldPath };
}

/** Rendered objects with the place each came from. Everything that checks works on this, never on constructs. */
export class ObjectSet {
  readonly #entries: readonly ReadObject[];
  readonly #byObject: ReadonlyMap<KubernetesObject, ReadObject>;
  readonly #byKind: ReadonlyMap<string, readonly ReadObject[]>;
  /** Made at the first question. */
  #byName: ReadonlyMap<string, readonly ReadObject[]> | undefined;

  /** Objects made in memory: their place is `file` and their position in the list. */
  static from(objects: Iterable<KubernetesObject>, file = '<memory>'): ObjectSet {
    const entries = [...objects].map((object, index) => {
      const line = index + 1;
      return { object, source: { file, line }, lineAt: () => line, placeAt: () => ({ file, line, column: 1, endColumn: 1 }) };
    });
    return new ObjectSet(entries);
  }

  /** `skipped`: documents of a folder that are no Kubernetes objects, such as Helm values. */
  constructor(
    entries: Iterable<ReadObject>,
    readonly skipped: readonly ObjectSource[] = [],
  ) {
    this.#entries = [...entries];
    this.#byObject = new Map(this.#entries.map(entry => [entry.object, entry]));
    const byKind = new Map<string, ReadObject[]>();
    for (const entry of this.#entries) {
      const list = byKind.get(entry.object.kind);
      if (list) list.push(entry);
      else byKind.set(entry.object.kind, [entry]);
    }
    this.#byKind = byKind;
  }

  get size(): number {
    return this.#entries.length;
  }

  [Symbol.iterator](): IterableIterator<KubernetesObject> {
    return this.#entries.map(entry => entry.object).values();
  }

  entries(): readonly ReadObject[] {
    return [...this.#entries];
  }

  /** Objects of a kind, in the order of the files; `group` is the API group, `''` for the core group, and every group when left out. */
  ofKind(kind: string, group?: string): readonly KubernetesObject[] {
    const found: KubernetesObject[] = [];
    for (const { object } of this.#byKind.get(kind) ?? []) if (group === undefined || apiGroup(object) === group) found.push(object);
    return found;
  }

  /** One object; `namespace` is undefined for an object without one. The first when a name is rendered twice. */
  get(kind: string, namespace: string | undefined, name: string, group?: string): KubernetesObject | undefined {
    this.#byName ??= this.#indexByName();
    return this.#byName.get(nameKey(kind, namespace, name))?.find(({ object }) => group === undefined || apiGroup(object) === group)
      ?.object;
  }

  #indexByName(): ReadonlyMap<string, readonly ReadObject[]> {
    const index = new Map<string, ReadObject[]>();
    for (const entry of this.#entries) {
      const { kind, metadata } = entry.object;
      const key = nameKey(kind, metadata.namespace, metadata.name);
      const list = index.get(key);
      if (list) list.push(entry);
      else index.set(key, [entry]);
    }
    return index;
  }

  /** The set with only the objects that `keep` names. */
  filter(keep: (object: KubernetesObject) => boolean): ObjectSet {
    return new ObjectSet(
      this.#entries.filter(entry => keep(entry.object)),
      this.skipped,
    );
  }

  /** An object of this set as it was read. */
  entryOf(object: KubernetesObject): ReadObject {
    const entry = this.#byObject.get(object);
    if (!entry) throw new Error(`the object ${object.kind} ${object.metadata.name} is not of this set`);
    return entry;
  }

  /** File and line of an object of this set, or of one of its fields. */
  sourceOf(object: KubernetesObject, path: FieldPath = []): ObjectSource {
    const entry = this.entryOf(object);
    return path.length === 0 ? entry.source : { file: entry.source.file, line: entry.lineAt(path) };
  }

  /** File, line and columns of a field, or of the nearest field above it that exists. */
  placeOf(object: KubernetesObject, path: FieldPath = []): Place {
    return this.entryOf(object).placeAt(path);
  }
}

const nameKey = (kind: string, namespace: string | undefined, name: string): string =>
  namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
