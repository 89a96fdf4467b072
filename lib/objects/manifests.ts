import { readFileSync, statSync } from 'node:fs';
import { folderContents } from './folder.js';
import { isForeign, patchFiles } from './kustomization.js';
import { type ObjectSource, ObjectsError } from './object.js';
import { ObjectSet, type ReadObject } from './object-set.js';
import { type ParsedValue, parseFile, toObject } from './parse-documents.js';
import { isChart, isKustomizationFolder, renderChart, renderKustomization } from './renderers.js';
import type { SourceFile } from './source-document.js';
import { decode, displayPath, readSourceFile } from './text-file.js';

export interface ManifestOptions {
  /** Values files for charts. */
  readonly values?: readonly string[];
  /** Called after each file, for a progress bar. */
  readonly onFile?: (done: number, total: number) => void;
}

export interface Manifests {
  readonly objects: ObjectSet;
  /** What could not be read, or was not opened; everything else is in `objects`. */
  readonly unreadable: readonly ObjectsError[];
  /** Every text that was read. */
  readonly files: readonly SourceFile[];
}

/** The first line of what `synth` writes: those files are read as they are, so that findings have their lines. */
const OWN_OUTPUT = /^# .*sentinel-mtls/;

/**
 * Reads what anybody wrote: files, folders, `-` for stdin, folders of Helm charts and of Kustomize, which are rendered.
 * Multi-document YAML, JSON and Lists. What can't be read is told and the rest is read all the same.
 *
 * @throws ObjectsError when a path that was named does not exist
 */
export function readManifests(paths: readonly string[], options: ManifestOptions = {}): Manifests {
  const reader = new Reader(options);
  for (const path of paths) reader.read(path);
  return reader.done();
}

class Reader {
  readonly #entries: ReadObject[] = [];
  readonly #skipped: ObjectSource[] = [];
  readonly #unreadable: ObjectsError[] = [];
  readonly #files: SourceFile[] = [];
  #done = 0;
  #total = 0;

  constructor(private readonly options: ManifestOptions) {}

  done(): Manifests {
    return { objects: new ObjectSet(this.#entries, this.#skipped), unreadable: this.#unreadable, files: this.#files };
  }

  read(path: string): void {
    if (path === '-') {
      this.#try(() => this.#named({ name: '<stdin>', text: decode(readFileSync(0), '<stdin>') }));
      return;
    }
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat)
      throw new ObjectsError(
        { file: displayPath(path), line: 1 },
        'does not exist, expected a file or a folder of manifests, or "-" for stdin',
      );
    if (!stat.isDirectory()) this.#try(() => this.#named(readSourceFile(path)));
    else if (isChart(path)) this.#chart(path);
    else if (isKustomizationFolder(path) && !isOwnOutput(path)) this.#try(() => this.#named(renderKustomization(path)));
    else this.#folder(path);
  }

  /** A file that was named, or what a renderer gave: every document is expected to be an object. */
  #named(file: SourceFile): void {
    for (const parsed of this.#parse(file)) this.#add(parsed);
  }

  #chart(folder: string): void {
    this.#try(() => {
      for (const file of renderChart(folder, this.options.values)) this.#named(file);
    });
  }

  #folder(folder: string): void {
    const { files, charts, refused } = folderContents(folder);
    for (const path of refused)
      this.#unreadable.push(
        new ObjectsError({ file: displayPath(path), line: 1 }, 'was not opened: it leads out of the folder, or is no regular file'),
      );
    this.#total += files.length;
    const foreign = new Map<string, ParsedValue[]>();
    const patches = new Set<string>();
    for (const path of files) {
      this.#try(() => {
        const values = this.#parse(readSourceFile(path));
        for (const { value } of values) for (const patch of patchFiles(path, value)) patches.add(patch);
        foreign.set(path, values);
      });
      this.options.onFile?.(++this.#done, this.#total);
    }
    for (const [path, values] of foreign)
      for (const parsed of values) {
        if (isForeign(parsed.value) || patches.has(path)) this.#skipped.push(parsed.source);
        else this.#add(parsed);
      }
    for (const chart of charts) this.#chart(chart);
  }

  #parse(file: SourceFile): ParsedValue[] {
    this.#files.push(file);
    return parseFile(file, error => this.#unreadable.push(error));
  }

  #add(parsed: ParsedValue): void {
    this.#try(() => this.#entries.push(toObject(parsed)));
  }

  #try(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof ObjectsError)) throw error;
      this.#unreadable.push(error);
    }
  }
}

function isOwnOutput(folder: string): boolean {
  try {
    return OWN_OUTPUT.test(readFileSync(`${folder}/kustomization.yaml`, 'utf8').slice(0, 200));
  } catch {
    return false;
  }
}
