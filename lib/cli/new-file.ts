import { writeFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { UsageError } from './exit.js';

/** Writes a file that is not there yet; nothing is ever written over, not even through a link. */
export function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new UsageError(`${path} exists, and is left as it is`, 'name another file with -o, or remove it yourself');
  }
}

/** Where an editor finds the schema from the folder of a fleet file: in the installed package, as a relative path. */
export function schemaPath(fleetFile: string | undefined): string {
  const path = relative(resolve(dirname(fleetFile ?? 'fleet.yaml')), require.resolve('#fleet-schema'))
    .split(sep)
    .join('/');
  return path.startsWith('.') ? path : `./${path}`;
}
