import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Tree } from '../check/diff/index.js';
import { printable } from '../report/index.js';
import { UsageError } from './exit.js';
import { gitTree } from './git-tree.js';

/** More than any fleet renders to; a folder that holds more was named by mistake. */
export const MOST_BYTES = 512 * 1024 * 1024;

/** A place as `diff` takes it: a folder, a file, or `git:REVISION:PATH`. */
export function readTree(place: string): Tree {
  const tree = place.startsWith('git:') ? commitTree(place) : diskTree(place);
  for (const name of tree.files.keys())
    if (printable(name) !== name)
      throw new UsageError(`${place} has a file named ${JSON.stringify(printable(name))}`, 'expected names without control characters');
  return tree;
}

function commitTree(place: string): Tree {
  const [revision = '', ...path] = place.slice('git:'.length).split(':');
  if (revision === '' || path.length === 0)
    throw new UsageError(`"${place}" names no committed folder`, 'write git:REVISION:PATH, such as git:origin/main:dist');
  return gitTree(revision, path.join(':'), place);
}

/** Links are refused: what they lead to is not what was rendered, and may lie anywhere. */
function diskTree(place: string): Tree {
  const found = lstatSync(place, { throwIfNoEntry: false });
  if (found === undefined) throw new UsageError(`there is no folder or file ${place}`, 'name rendered manifests, or git:REVISION:PATH');
  const files = new Map<string, Uint8Array>();
  let left = MOST_BYTES;
  const read = (path: string, name: string): void => {
    const stat = lstatSync(path);
    if (stat.isDirectory()) {
      for (const entry of readdirSync(path).sort()) if (entry !== '.git') read(join(path, entry), name === '' ? entry : `${name}/${entry}`);
      return;
    }
    if (!stat.isFile())
      throw new UsageError(
        `${printable(path)} is a ${stat.isSymbolicLink() ? 'symbolic link' : 'special file'}`,
        'expected files and folders alone',
      );
    left -= stat.size;
    if (left < 0) throw new UsageError(`${place} holds more than ${MOST_BYTES / 1024 / 1024} MiB`, 'name a folder of rendered manifests');
    files.set(name === '' ? basename(path) : name, readFileSync(path));
  };
  read(place, '');
  return { name: place.replace(/\/+$/, '') || place, files };
}
