import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';

/** Words for what an operating system says of a path (errno.h); for Windows Node gives the same names. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'is not open to this user: look at its owner and mode, and at those of the folders above',
  EPERM: 'is not open to this user: the system forbids it',
  EROFS: 'lies on a disk that can only be read',
  EISDIR: 'is a folder, expected a file',
  ENOTDIR: 'lies below something that is no folder',
  EEXIST: 'is there already, and is no folder',
  ELOOP: 'is a link that leads to itself',
  ENAMETOOLONG: 'has a name that is too long for the system',
  ENOSPC: 'does not fit on its disk',
  EDQUOT: "does not fit into this user's quota",
  ENXIO: 'is a device or a pipe that nobody serves',
  EMFILE: 'is one file too many for this process',
};

/** What keeps a file or folder from being read or written, in words; undefined for an error that is not of the system. */
export function systemProblem(error: unknown, path: string): string | undefined {
  const code = error instanceof Error && 'code' in error && 'syscall' in error ? error.code : undefined;
  if (typeof code !== 'string') return undefined;
  if (code === 'ENOTDIR' && exists(path)) return 'is a file, expected a folder';
  if (code !== 'ENOENT') return WORDS[code] ?? `is refused by the system (${code.toLowerCase()})`;
  if (isLink(path)) return 'is a link to nothing';
  return exists(dirname(path)) ? 'does not exist' : `lies in ${dirname(path)}, which does not exist`;
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
