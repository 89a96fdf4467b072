import { spawnSync } from 'node:child_process';
import { posix } from 'node:path';
import type { Tree } from '../check/diff/index.js';
import { printable } from '../report/index.js';
import { UsageError } from './exit.js';
import { MOST_BYTES } from './trees.js';

/**
 * A folder or file as a commit has it, read from git's objects: the work tree, the index and their filters are not
 * touched, nothing is fetched.
 */
export function gitTree(revision: string, path: string, place: string): Tree {
  const commit = git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]);
  if (commit === undefined)
    throw new UsageError(
      `git knows no commit "${revision}"`,
      'fetch it first: a shallow clone holds the newest commit alone (fetch-depth: 0 in CI)',
    );
  const id = commit.toString('utf8').trim();
  const prefix = git(['rev-parse', '--show-prefix'])?.toString('utf8').trim() ?? '';
  const inside = posix.normalize(posix.join(prefix, path)).replace(/\/+$/, '');
  if (inside === '..' || inside.startsWith('../') || posix.isAbsolute(path))
    throw new UsageError(`"${path}" leaves the repository`, 'write a path relative to this folder');
  const root = inside === '.' ? '' : inside;
  const listing =
    git(['ls-tree', '-r', '-z', '-l', '--full-tree', id, '--', ...(root === '' ? [] : [`:(literal)${root}`])]) ?? Buffer.alloc(0);
  const entries = listing
    .toString('utf8')
    .split('\0')
    .filter(line => line !== '')
    .map(line => entryOf(line, root, place));
  if (entries.length === 0) throw new UsageError(`commit ${id.slice(0, 12)} has no "${root}"`, 'name a folder that was committed there');
  const size = entries.reduce((sum, entry) => sum + entry.size, 0);
  if (size > MOST_BYTES)
    throw new UsageError(`${place} holds more than ${MOST_BYTES / 1024 / 1024} MiB`, 'name a folder of rendered manifests');
  return { name: place, files: contents(entries, place) };
}

interface Entry {
  readonly id: string;
  readonly name: string;
  readonly size: number;
}

/** `<mode> <type> <object> <size>\t<path>` of `git ls-tree -l`. */
function entryOf(line: string, root: string, place: string): Entry {
  const tab = line.indexOf('\t');
  const [mode = '', type, id = '', size] = line.slice(0, tab).split(/ +/);
  const path = line.slice(tab + 1);
  if (type !== 'blob' || mode.startsWith('12')) {
    throw new UsageError(
      `${place} has ${type === 'blob' ? 'a symbolic link' : 'a submodule'} at ${printable(path)}`,
      'expected files and folders alone',
    );
  }
  const below = root === '' ? path : path === root ? posix.basename(path) : path.slice(root.length + 1);
  return { id, name: below, size: Number(size) };
}

/** All files by one process: `cat-file --batch` answers `<object> <type> <size>\n<bytes>\n` for each line. */
function contents(entries: readonly Entry[], place: string): ReadonlyMap<string, Uint8Array> {
  const output = git(['cat-file', '--batch'], entries.map(({ id }) => `${id}\n`).join(''));
  const files = new Map<string, Uint8Array>();
  let at = 0;
  for (const { id, name, size } of entries) {
    const header = `${id} blob ${size}\n`;
    if (output === undefined || output.toString('latin1', at, at + header.length) !== header)
      throw new UsageError(`git can't read ${name} of ${place}`, 'the repository may be a partial clone: fetch its objects first');
    files.set(name, output.subarray(at + header.length, at + header.length + size));
    at += header.length + size + 1;
  }
  return files;
}

/** Standard output of a command that only reads; undefined when it fails. */
function git(args: readonly string[], input = ''): Buffer | undefined {
  const { error, status, stdout } = spawnSync('git', ['--no-replace-objects', ...args], {
    input,
    maxBuffer: 2 * MOST_BYTES,
    env: { ...process.env, GIT_NO_LAZY_FETCH: '1', GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' },
  });
  if (error !== undefined && 'code' in error && error.code === 'ENOENT')
    throw new UsageError('git is not in PATH', 'install git, or compare two folders');
  return status === 0 ? stdout : undefined;
}
