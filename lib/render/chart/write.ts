import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { statOf } from '../manifests/_folder.js';
import { type OutputDifference, OutputError } from '../manifests/index.js';
import { CHART_LINE } from './chart.js';

/** The file of a chart's folder that says who wrote it. */
const MARKER_FILE = 'Chart.yaml';

/**
 * Replaces a chart's folder as a whole: written aside first, then swapped by renaming, so that after an error the old
 * one is there as before.
 *
 * @throws OutputError where the folder is somebody else's
 */
export function writeChart(folder: string, files: ReadonlyMap<string, string>): void {
  requireOurs(folder);
  const parent = dirname(folder);
  mkdirSync(parent, { recursive: true });
  // beside the folder: renaming never crosses a file system
  const aside = mkdtempSync(join(parent, `.${basename(folder)}-`));
  try {
    const fresh = join(aside, 'new');
    for (const below of new Set([...files.keys()].map(dirname))) mkdirSync(join(fresh, below), { recursive: true });
    for (const [path, text] of files) {
      writeFileSync(join(fresh, path), text, { flag: 'wx' });
    }
    swap(folder, fresh, join(aside, 'old'));
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

function swap(folder: string, fresh: string, old: string): void {
  const existed = statOf(folder) !== undefined;
  if (existed) renameSync(folder, old);
  try {
    renameSync(fresh, folder);
  } catch (error) {
    if (existed) renameSync(old, folder);
    throw error;
  }
}

/** Compares a chart's folder with what would be written, byte by byte. Writes nothing; sorted by path. */
export function checkChart(folder: string, files: ReadonlyMap<string, string>): OutputDifference[] {
  const found = statOf(folder)?.isDirectory() === true ? filesBelow(folder, '') : [];
  const differences: OutputDifference[] = found.filter(path => !files.has(path)).map(path => ({ path, difference: 'unexpected' }));
  for (const [path, text] of files) {
    if (!found.includes(path)) differences.push({ path, difference: 'missing' });
    else if (!statOf(join(folder, path))?.isFile()) differences.push({ path, difference: 'different', line: 1 });
    else {
      const bytes = readFileSync(join(folder, path));
      if (!bytes.equals(Buffer.from(text)))
        differences.push({ path, difference: 'different', line: firstDifferentLine(bytes.toString(), text) });
    }
  }
  return differences.sort((left, right) => (left.path < right.path ? -1 : 1));
}

function firstDifferentLine(found: string, expected: string): number {
  const lines = found.split('\n');
  const index = expected.split('\n').findIndex((line, at) => line !== lines[at]);
  return (index === -1 ? expected.split('\n').length : index) + 1;
}

function filesBelow(folder: string, below: string): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap(entry => {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(folder, path) : [path];
  });
}

/** Refuses a folder, a link or a file in the chart's place that this project did not write. */
function requireOurs(folder: string): void {
  const found = statOf(folder);
  if (found === undefined) return;
  if (found.isDirectory()) {
    if (readdirSync(folder).length === 0) return;
    const marker = statOf(join(folder, MARKER_FILE));
    if (marker?.isFile() && readFileSync(join(folder, MARKER_FILE), 'utf8').startsWith(`# ${CHART_LINE}\n`)) return;
  }
  const what = found.isSymbolicLink()
    ? 'is a symbolic link, expected a folder'
    : found.isDirectory()
      ? `has no ${MARKER_FILE} that starts with "# ${CHART_LINE}", so it was not written by sentinel-mtls`
      : 'is no folder';
  throw new OutputError('OUTPUT_FOREIGN', `${folder} ${what}\n  move it away, or choose another folder with -o`);
}
