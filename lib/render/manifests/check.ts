import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { isOurs, ownerOf, requireInside, statOf } from './_folder.js';
import { environmentOf, type RenderedFile } from './rendered-file.js';
import type { OutputOptions } from './write.js';

export interface OutputDifference {
  /** Relative to the output folder. */
  readonly path: string;
  /** `missing`: not there; `different`: other bytes; `unexpected`: there, but not part of the output. */
  readonly difference: 'missing' | 'different' | 'unexpected';
  /** Of a different file: the first line that differs, from 1. */
  readonly line?: number;
}

/** Compares the output folder with what would be written, byte by byte. Writes nothing; sorted by path. */
export function checkOutput(outdir: string, files: Iterable<RenderedFile>, options: OutputOptions = {}): OutputDifference[] {
  const differences: OutputDifference[] = [];
  const expected = new Set<string>();
  const environments = new Set<string>(options.environments);
  for (const file of files) {
    requireInside(file.path);
    const environment = environmentOf(file.path);
    if (options.environments !== undefined && (environment === undefined || !options.environments.includes(environment))) continue;
    if (environment !== undefined) environments.add(environment);
    expected.add(file.path);
    const difference = compare(outdir, file);
    if (difference !== undefined) differences.push(difference);
  }
  const owners = new Set([...environments].map(name => ownerOf(join(outdir, name))));
  for (const name of foldersOf(outdir)) {
    const stale = options.environments === undefined && isOurs(join(outdir, name)) && owners.has(ownerOf(join(outdir, name)));
    const ours = environments.has(name) || stale;
    if (!ours) continue;
    for (const path of filesBelow(outdir, name)) if (!expected.has(path)) differences.push({ path, difference: 'unexpected' });
  }
  return differences.sort((left, right) => (left.path < right.path ? -1 : 1));
}

function compare(outdir: string, file: RenderedFile): OutputDifference | undefined {
  const { path } = file;
  const found = statOf(join(outdir, path));
  if (found === undefined || linkOnTheWay(outdir, path)) return { path, difference: 'missing' };
  if (!found.isFile()) return { path, difference: 'different', line: 1 };
  const descriptor = openSync(join(outdir, path), 'r');
  try {
    const line = firstDifferentLine(descriptor, file.chunks);
    return line === undefined ? undefined : { path, difference: 'different', line };
  } finally {
    closeSync(descriptor);
  }
}

/** A linked folder holds somebody else's files, whatever their text. */
function linkOnTheWay(outdir: string, path: string): boolean {
  const parts = path.split('/').slice(0, -1);
  return parts.some((_, index) => statOf(join(outdir, ...parts.slice(0, index + 1)))?.isSymbolicLink() === true);
}

const NEWLINE = 0x0a;

function firstDifferentLine(descriptor: number, chunks: Iterable<Uint8Array>): number | undefined {
  let line = 1;
  for (const expected of chunks) {
    const found = read(descriptor, expected.length);
    const same = found.equals(expected);
    for (let index = 0; index < expected.length; index++) {
      if (!same && expected[index] !== found[index]) return line;
      if (expected[index] === NEWLINE) line++;
    }
  }
  return read(descriptor, 1).length === 0 ? undefined : line;
}

/** As many bytes as there are, up to `length`. */
function read(descriptor: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const count = readSync(descriptor, bytes, filled, length - filled, null);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

function foldersOf(outdir: string): string[] {
  if (statOf(outdir) === undefined) return [];
  return readdirSync(outdir, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(entry => entry.name);
}

function* filesBelow(outdir: string, folder: string): Iterable<string> {
  for (const entry of readdirSync(join(outdir, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(outdir, path);
    else yield path;
  }
}
