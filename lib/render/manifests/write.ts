import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isOurs, ownerOf, requireInside, requireOurs, statOf } from './_folder.js';
import { ASIDE_PREFIX, claim, disclaim, removeLeftovers } from './_leftovers.js';
import { OutputError } from './output-error.js';
import { environmentOf, GENERATED_LINE, MARKER_FILE, type RenderedFile } from './rendered-file.js';

export interface OutputOptions {
  /** Only these; folders of other environments are neither written nor removed. @default all */
  readonly environments?: readonly string[];
}

export interface WriteResult {
  /** Environments whose folder was replaced, in the order of the files. */
  readonly environments: readonly string[];
  /** Environments of an earlier run that are declared no longer; their folders were removed. */
  readonly removed: readonly string[];
}

/**
 * Replaces the folder of each environment as a whole: everything is written aside first, then the folders are
 * swapped by renaming. After an error the old output is there as before. What killed processes left is removed.
 *
 * @throws OutputError where a folder in the way is not ours
 */
export function writeOutput(outdir: string, files: Iterable<RenderedFile>, options: OutputOptions = {}): WriteResult {
  if (statOf(outdir)?.isFile() === true)
    throw new OutputError('OUTPUT_FOREIGN', `${outdir} is a file, expected a folder\n  choose another output folder`);
  const created = mkdirSync(outdir, { recursive: true });
  // inside of outdir: nothing outside is touched, and renaming never crosses a file system
  const aside = mkdtempSync(join(outdir, ASIDE_PREFIX));
  let keepAside = false;
  try {
    claim(aside);
    const staged = stage(outdir, join(aside, 'new'), files, options.environments);
    const removed = options.environments === undefined ? undeclared(outdir, join(aside, 'new'), staged.environments) : [];
    swap(outdir, aside, [...staged.environments, ...staged.looseFiles], removed);
    removeLeftovers(outdir);
    return { environments: [...staged.environments], removed };
  } catch (error) {
    keepAside = error instanceof OutputError && error.code === 'OUTPUT_ROLLBACK';
    throw error;
  } finally {
    if (keepAside) disclaim(aside);
    else {
      rmSync(aside, { recursive: true, force: true });
      if (created !== undefined && readdirSync(outdir).length === 0) rmSync(created, { recursive: true });
    }
  }
}

interface Staged {
  readonly environments: Set<string>;
  /** Files beside the environments. */
  readonly looseFiles: Set<string>;
}

function stage(outdir: string, folder: string, files: Iterable<RenderedFile>, only: readonly string[] | undefined): Staged {
  const staged: Staged = { environments: new Set(), looseFiles: new Set() };
  mkdirSync(folder);
  for (const file of files) {
    requireInside(file.path);
    const environment = environmentOf(file.path);
    if (only !== undefined && (environment === undefined || !only.includes(environment))) continue;
    if (environment === undefined) staged.looseFiles.add(file.path);
    else if (!staged.environments.has(environment)) {
      requireOurs(outdir, environment);
      staged.environments.add(environment);
    }
    writeFile(join(folder, file.path), file.chunks);
  }
  for (const environment of only ?? []) {
    if (!staged.environments.has(environment))
      throw new OutputError('OUTPUT_ENVIRONMENT', `environment "${environment}" has no files, expected at least one`);
  }
  for (const environment of staged.environments) {
    if (isOurs(join(folder, environment))) {
      requireSameOwner(join(outdir, environment), ownerOf(join(folder, environment)));
      continue;
    }
    // the next run could not tell this folder from somebody else's
    throw new OutputError(
      'OUTPUT_UNMARKED',
      `environment "${environment}" has no ${MARKER_FILE} that starts with "${GENERATED_LINE}"\n  add it as an OutputFile`,
    );
  }
  for (const path of staged.looseFiles) {
    if (statOf(join(outdir, path))?.isFile() === false)
      throw new OutputError('OUTPUT_FOREIGN', `${join(outdir, path)} is no regular file\n  move it away`);
  }
  return staged;
}

function writeFile(path: string, chunks: Iterable<Uint8Array>): void {
  mkdirSync(dirname(path), { recursive: true });
  // x: a path that is written twice is an error
  const descriptor = openSync(path, 'wx');
  try {
    for (const chunk of chunks) writeAll(descriptor, chunk);
  } finally {
    closeSync(descriptor);
  }
}

function writeAll(descriptor: number, chunk: Uint8Array): void {
  for (let written = 0; written < chunk.length; ) written += writeSync(descriptor, chunk, written);
}

/** Two fleets with one output folder would replace each other's environments. */
function requireSameOwner(existing: string, fleet: string | undefined): void {
  const owner = ownerOf(existing);
  if (owner === undefined || fleet === undefined || owner === fleet) return;
  throw new OutputError(
    'OUTPUT_FOREIGN',
    `${existing} was written for fleet "${owner}", not for "${fleet}"\n  choose another output folder with -o`,
  );
}

/** Environments that an earlier run wrote for the same fleet and this one does not know. */
function undeclared(outdir: string, staged: string, declared: ReadonlySet<string>): string[] {
  const owners = new Set([...declared].map(name => ownerOf(join(staged, name))));
  return readdirSync(outdir)
    .filter(name => !name.startsWith('.') && !declared.has(name) && isOurs(join(outdir, name)) && owners.has(ownerOf(join(outdir, name))))
    .sort();
}

function swap(outdir: string, aside: string, names: readonly string[], removed: readonly string[]): void {
  const old = join(aside, 'old');
  mkdirSync(old);
  const undo: [from: string, to: string][] = [];
  const move = (from: string, to: string): void => {
    renameSync(from, to);
    undo.push([to, from]);
  };
  try {
    for (const name of [...names, ...removed]) if (statOf(join(outdir, name)) !== undefined) move(join(outdir, name), join(old, name));
    for (const name of names) move(join(aside, 'new', name), join(outdir, name));
  } catch (error) {
    rollBack(undo, old, error);
    throw error;
  }
}

function rollBack(undo: readonly [from: string, to: string][], old: string, cause: unknown): void {
  try {
    for (const [from, to] of [...undo].reverse()) renameSync(from, to);
  } catch {
    throw new OutputError(
      'OUTPUT_ROLLBACK',
      `the old output could not be put back after: ${String(cause)}\n  it is in ${old}: move it back by hand`,
    );
  }
}
