import { closeSync, lstatSync, openSync, readSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { OutputError } from './output-error.js';
import { GENERATED_LINE, MARKER_FILE } from './rendered-file.js';

/** What is at a path itself, a symbolic link not followed; undefined for nothing. */
export function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** True for a real folder whose marker file has our first line. */
export function isOurs(folder: string): boolean {
  return statOf(folder)?.isDirectory() === true && firstLineIsOurs(join(folder, MARKER_FILE));
}

function firstLineIsOurs(path: string): boolean {
  if (statOf(path)?.isFile() !== true) return false;
  const expected = Buffer.from(`${GENERATED_LINE}\n`);
  const found = Buffer.alloc(expected.length);
  const descriptor = openSync(path, 'r');
  try {
    return readSync(descriptor, found) === expected.length && found.equals(expected);
  } finally {
    closeSync(descriptor);
  }
}

// a fleet's name is a DNS label, so both lines fit
const MARKER_BYTES = 256;
const OWNER_LINE = new RegExp(`^${GENERATED_LINE}\n# fleet: (\\S+)\n`);

/** The fleet for which a folder of ours was written; undefined where its marker names none. */
export function ownerOf(folder: string): string | undefined {
  if (!isOurs(folder)) return undefined;
  const text = Buffer.alloc(MARKER_BYTES);
  const descriptor = openSync(join(folder, MARKER_FILE), 'r');
  try {
    return OWNER_LINE.exec(text.toString('utf8', 0, readSync(descriptor, text)))?.[1];
  } finally {
    closeSync(descriptor);
  }
}

/** Refuses a folder (or a link, or a file) in the place of an environment that this project did not write. */
export function requireOurs(outdir: string, environment: string): void {
  const folder = join(outdir, environment);
  const found = statOf(folder);
  if (found === undefined || isOurs(folder)) return;
  const what = found.isSymbolicLink()
    ? 'is a symbolic link, expected a folder'
    : found.isDirectory()
      ? `has no ${MARKER_FILE} that starts with "${GENERATED_LINE}", so it was not written by sentinel-mtls`
      : 'is no folder';
  throw new OutputError('OUTPUT_FOREIGN', `${folder} ${what}\n  move it away, or choose another output folder`);
}

/** Refuses paths that could leave the output folder. */
export function requireInside(path: string): void {
  const parts = path.split('/');
  if (parts.every(part => part !== '' && part !== '.' && part !== '..') && !/[\\\0]/.test(path)) return;
  throw new OutputError(
    'OUTPUT_PATH',
    `output path ${JSON.stringify(path)} is not a plain relative path, expected one such as "prod/identity.yaml"`,
  );
}
