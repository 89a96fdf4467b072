import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { isMap, isNode, isPair, LineCounter, type Node, parseAllDocuments } from 'yaml';
import { type FieldPath, isRecord, type ObjectSource, ObjectsError, parseObject } from './object.js';
import { ObjectSet, type ReadObject } from './object-set.js';

const YAML_FILE = /\.ya?ml$/;

export interface ReadOptions {
  /** Files of a folder that are not read. */
  readonly skip?: (file: string) => boolean;
}

/**
 * Reads every object of rendered YAML: a folder (all of its `.yaml` and `.yml` files, sorted, folders too) or
 * files. In a folder, a document without `apiVersion` and `kind`, a Kustomization and the patches that it names
 * are not read, and are listed in `skipped`; in a file that was named they are an error.
 *
 * @throws ObjectsError with file and line for broken YAML, a duplicate key, or a document that is no object
 */
export function readObjects(folderOrFiles: string | readonly string[], options: ReadOptions = {}): ObjectSet {
  const paths = typeof folderOrFiles === 'string' ? [folderOrFiles] : folderOrFiles;
  const entries: ReadObject[] = [];
  const skipped: ObjectSource[] = [];
  for (const path of paths) {
    if (!isFolder(path)) entries.push(...parseObjects(readFileSync(path, 'utf8'), displayPath(path)));
    else {
      const files = yamlFiles(path).filter(file => !options.skip?.(file));
      const read = parseFolder(files.map(file => ({ path: file, name: displayPath(file), text: readFileSync(file, 'utf8') })));
      entries.push(...read.entries());
      skipped.push(...read.skipped);
    }
  }
  return new ObjectSet(entries, skipped);
}

/** A file of a folder: where it lies, and what messages call it. */
export interface FolderFile {
  readonly path: string;
  readonly name: string;
  readonly text: string;
}

/** As `readObjects` reads a folder, of files that lie elsewhere than on the disk; those that are no YAML are left out. */
export function parseFolder(files: readonly FolderFile[]): ObjectSet {
  const yaml = files.filter(({ path }) => YAML_FILE.test(path));
  const documents = yaml.flatMap(({ path, name, text }) => parseDocuments(text, name).map(document => ({ path, document })));
  const patches = new Set(documents.flatMap(({ path, document }) => patchFiles(path, document.value)));
  const foreign = ({ path, document }: (typeof documents)[number]): boolean => isForeign(document.value) || patches.has(path);
  return new ObjectSet(
    documents.filter(document => !foreign(document)).map(({ document }) => readDocument(document)),
    documents.filter(foreign).map(({ document }) => document.source),
  );
}

/** The objects of one multi-document YAML text; `file` is what messages call it. */
export function parseObjects(text: string, file: string): readonly ReadObject[] {
  return parseDocuments(text, file).map(readDocument);
}

interface ParsedDocument {
  readonly value: unknown;
  readonly source: ObjectSource;
  readonly lineAt: (path: FieldPath) => number;
}

function parseDocuments(text: string, file: string): readonly ParsedDocument[] {
  const lineCounter = new LineCounter();
  // YAML 1.2: `on`, `no` and `0777` keep their meaning as text and decimal number
  const documents = parseAllDocuments(text, { lineCounter, version: '1.2', uniqueKeys: true, strict: true });
  const lineOf = (offset: number | undefined): number => (offset === undefined ? 1 : lineCounter.linePos(offset).line);
  const parsed: ParsedDocument[] = [];
  for (const document of documents) {
    const [error] = document.errors;
    if (error) throw new ObjectsError({ file, line: lineOf(error.pos[0]) }, `is not valid YAML: ${error.message.split('\n')[0]}`);
    const contents: Node | null = document.contents;
    const value = contentOf(document, { file, line: lineOf(contents?.range?.[0]) });
    if (contents === null || value === null) continue;
    const start = lineOf(contents.range?.[0]);
    for (const { item, prefix } of unwrapList(value)) {
      const line = lineIn(contents, prefix, lineOf, start);
      parsed.push({ value: item, source: { file, line }, lineAt: path => lineIn(contents, [...prefix, ...path], lineOf, line) });
    }
  }
  return parsed;
}

/** Throws where aliases multiply beyond any use, or point nowhere. */
function contentOf(document: { toJS(): unknown }, source: ObjectSource): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new ObjectsError(source, `is not valid YAML: ${error instanceof Error ? error.message.split('\n')[0] : 'it has no value'}`);
  }
}

function readDocument({ value, source, lineAt }: ParsedDocument): ReadObject {
  const object = parseObject(value);
  if (typeof object === 'string') throw new ObjectsError(source, object);
  return { object, source, lineAt };
}

function isForeign(value: unknown): boolean {
  return !isRecord(value) || (value.apiVersion === undefined && value.kind === undefined) || isKustomization(value);
}

/** Only `kustomize` reads these, and Kubernetes has no such kind. */
function isKustomization(value: Readonly<Record<string, unknown>>): boolean {
  return typeof value.apiVersion === 'string' && value.apiVersion.startsWith('kustomize.config.k8s.io/');
}

/** Files that a Kustomization names as patches: parts of objects that look like whole ones. */
function patchFiles(file: string, value: unknown): readonly string[] {
  if (!isRecord(value) || !isKustomization(value)) return [];
  const named = [value.patches, value.patchesStrategicMerge].flatMap(list => (Array.isArray(list) ? list : []));
  return named.flatMap((patch: unknown) => {
    const path = isRecord(patch) ? patch.path : patch;
    return typeof path === 'string' && YAML_FILE.test(path) ? [join(dirname(file), path)] : [];
  });
}

/** `kubectl get -o yaml` wraps what it prints in one List. */
function unwrapList(value: unknown): { readonly item: unknown; readonly prefix: FieldPath }[] {
  if (!isRecord(value) || value.kind !== 'List' || !Array.isArray(value.items)) return [{ item: value, prefix: [] }];
  return value.items.map((item: unknown, index) => ({ item, prefix: ['items', index] }));
}

/** Walks as far down as the path goes; the line of a field is the line of its key. */
function lineIn(root: Node, path: FieldPath, lineOf: (offset: number | undefined) => number, start: number): number {
  let node: unknown = root;
  let line = start;
  for (const part of path) {
    const item: unknown = isMap(node) ? node.items.find(pair => isPair(pair) && keyText(pair.key) === part) : undefined;
    if (isPair(item)) {
      line = isNode(item.key) ? lineOf(item.key.range?.[0]) : line;
      node = item.value;
    } else {
      const element: unknown =
        isNode(node) && 'items' in node && Array.isArray(node.items) && typeof part === 'number' ? node.items[part] : undefined;
      if (!isNode(element)) return line;
      line = lineOf(element.range?.[0]);
      node = element;
    }
  }
  return line;
}

function keyText(key: unknown): string {
  return isRecord(key) && 'value' in key ? String(key.value) : String(key);
}

function yamlFiles(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap(entry => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return yamlFiles(path);
    return YAML_FILE.test(entry.name) ? [path] : [];
  });
}

function isFolder(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new ObjectsError({ file: displayPath(path), line: 1 }, 'does not exist, expected a folder or a file of rendered YAML');
  return stat.isDirectory();
}

function displayPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short !== '' && !short.startsWith('..') ? short : path;
}
