import { accessSync, constants, lstatSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { UsageError } from './exit.js';

/** Writes a file that is not there yet; nothing is ever written over, not even through a link. */
export function writeNew(path: string, content: string | Uint8Array, mode = 0o666): void {
  try {
    writeFileSync(path, content, { flag: 'wx', mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    refuseExisting(path);
  }
}

/** For commands that work for long before they write: @throws UsageError when the file is there already, or can't be made. */
export function checkNew(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) refuseExisting(path);
  // the error of the system names the folder
  accessSync(dirname(path), constants.W_OK | constants.X_OK);
}

function refuseExisting(path: string): never {
  throw new UsageError(`${path} exists, and is left as it is`, 'name another file with -o, or remove it yourself');
}

/** Where an editor finds the schema from the folder of a fleet file: in the installed package, as a relative path. */
export function schemaPath(fleetFile: string | undefined): string {
  const path = relative(resolve(dirname(fleetFile ?? 'fleet.yaml')), require.resolve('#fleet-schema'))
    .split(sep)
    .join('/');
  return path.startsWith('.') ? path : `./${path}`;
}
