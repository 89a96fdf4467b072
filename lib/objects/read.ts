import { statSync } from 'node:fs';
import { folderContents } from './folder.js';
import { isForeign, patchFiles } from './kustomization.js';
import { type ObjectSource, ObjectsError } from './object.js';
import { ObjectSet, type ReadObject } from './object-set.js';
import { parseFile, toObject } from './parse-documents.js';
import { displayPath, readSourceFile } from './text-file.js';

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
 * For what others wrote, where one broken document must not hide the rest, see `readManifests`.
 *
 * @throws ObjectsError with file and line for broken YAML, a duplicate key, or a document that is no object
 */
export function readObjects(folderOrFiles: string | readonly string[], options: ReadOptions = {}): ObjectSet {
  const paths = typeof folderOrFiles === 'string' ? [folderOrFiles] : folderOrFiles;
  const entries: ReadObject[] = [];
  const skipped: ObjectSource[] = [];
  for (const path of paths) {
    if (!isFolder(path)) entries.push(...parseFile(readSourceFile(path), refuse).map(toObject));
    else {
      const { files, charts } = folderContents(path);
      const [chart] = charts;
      if (chart !== undefined) throw new ObjectsError({ file: displayPath(chart), line: 1 }, 'is a chart, expected rendered YAML');
      const kept = files.filter(file => YAML_FILE.test(file) && !options.skip?.(file));
      const folder = objectsOf(kept.map(file => ({ path: file, documents: parseFile(readSourceFile(file), refuse) })));
      entries.push(...folder.entries);
      skipped.push(...folder.skipped);
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
  const { entries, skipped } = objectsOf(yaml.map(({ path, name, text }) => ({ path, documents: parseFile({ name, text }, refuse) })));
  return new ObjectSet(entries, skipped);
}

interface ParsedFolderFile {
  readonly path: string;
  readonly documents: ReturnType<typeof parseFile>;
}

/** Of a folder's documents those that are objects; patches that a Kustomization names look like some. */
function objectsOf(files: readonly ParsedFolderFile[]): { readonly entries: ReadObject[]; readonly skipped: ObjectSource[] } {
  const patches = new Set(files.flatMap(({ path, documents }) => documents.flatMap(({ value }) => patchFiles(path, value))));
  const entries: ReadObject[] = [];
  const skipped: ObjectSource[] = [];
  for (const { path, documents } of files) {
    for (const parsed of documents) {
      if (isForeign(parsed.value) || patches.has(path)) skipped.push(parsed.source);
      else entries.push(toObject(parsed));
    }
  }
  return { entries, skipped };
}

/** The objects of one multi-document YAML text; `file` is what messages call it. */
export function parseObjects(text: string, file: string): readonly ReadObject[] {
  return parseFile({ name: file, text }, refuse).map(toObject);
}

function refuse(error: ObjectsError): never {
  throw error;
}

function isFolder(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new ObjectsError({ file: displayPath(path), line: 1 }, 'does not exist, expected a folder or a file of rendered YAML');
  return stat.isDirectory();
}
