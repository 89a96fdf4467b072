import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Code, MtlsError } from './codes.js';
import type { Paths, Timings } from './settings.js';
import { systemErrorCode } from './system-error.js';

export type FileKind = 'cert' | 'key' | 'bundle' | 'policy';

/** Bytes of a file, or why there are none. */
export type FileContent =
  | { readonly bytes: Buffer; readonly path: string }
  | { readonly code: Code; readonly path: string; readonly detail: string };

/** The files of one moment. */
export interface FileSet {
  readonly cert: FileContent;
  readonly key: FileContent;
  readonly bundle: FileContent;
  /** Undefined when the process has no policy path. */
  readonly policy: FileContent | undefined;
  /** Folders that are no projected volume: a rename of `..data` will never change them. */
  readonly plainFolders: readonly string[];
}

type Limits = Pick<Timings, 'maxFileBytes' | 'tornReadRetries' | 'tornReadDelayMs'>;

/** What tells two states of a file apart without reading it. */
type Stamp = string;

interface Attempt {
  readonly files: FileSet;
  /** Pins and stamps, before and after. */
  readonly before: string;
  readonly after: string;
}

/**
 * Reads all files as of one moment: through one resolved `..data`, or unchanged from the first stamp to the last
 * (SPEC 1.1). Without a turn of the event loop, which under load would take longer than the four reads.
 */
export async function readFiles(paths: Paths, limits: Limits): Promise<FileSet> {
  for (let attempt = 0; ; attempt++) {
    const { files, before, after } = readOnce(paths, limits);
    if (before === after) return files;
    if (attempt >= limits.tornReadRetries) {
      const torn: FileContent = {
        code: 'files-torn',
        path: dirname(paths.certPath),
        detail: 'the files kept changing while they were read',
      };
      return { ...files, cert: torn, policy: files.policy && torn };
    }
    await delay(limits.tornReadDelayMs);
  }
}

function readOnce(paths: Paths, { maxFileBytes }: Limits): Attempt {
  const wanted = [paths.certPath, paths.keyPath, paths.caPath, ...(paths.policyPath === undefined ? [] : [paths.policyPath])];
  const folders = [...new Set(wanted.map(path => dirname(path)))];
  const pins = folders.map(pinOf);
  const pinned = (path: string): string => join(pins[folders.indexOf(dirname(path))] ?? dirname(path), basename(path));
  const stamps = (): Stamp[] => wanted.map(path => stampOf(pinned(path)));
  const before = [...pins, ...stamps()].join('\n');
  const read = (path: string, kind: FileKind): FileContent => readFile(pinned(path), path, kind, maxFileBytes);
  const cert = read(paths.certPath, 'cert');
  const files: FileSet = {
    cert,
    key: paths.keyPath === paths.certPath && 'bytes' in cert ? cert : read(paths.keyPath, 'key'),
    bundle: read(paths.caPath, 'bundle'),
    policy: paths.policyPath === undefined ? undefined : read(paths.policyPath, 'policy'),
    plainFolders: folders.filter((_folder, index) => pins[index] === undefined),
  };
  // a pin that was swapped meanwhile is no tear, as long as its folder was still whole
  const isMissing = [files.cert, files.key, files.bundle, files.policy].some(content => content && 'code' in content);
  const pinsAfter = isMissing ? folders.map(pinOf) : pins;
  return { files, before, after: [...pinsAfter, ...stamps()].join('\n') };
}

/** The folder that `..data` points to now. */
function pinOf(folder: string): string | undefined {
  try {
    return realpathSync(join(folder, '..data'));
  } catch {
    return undefined;
  }
}

function stampOf(path: string): Stamp {
  try {
    const { dev, ino, size, mtimeNs } = statSync(path, { bigint: true });
    return `${dev} ${ino} ${size} ${mtimeNs}`;
  } catch (error) {
    return systemErrorCode(error);
  }
}

function readFile(from: string, path: string, kind: FileKind, maxBytes: number): FileContent {
  let descriptor: number | undefined;
  try {
    // asked first: opening a named pipe would wait for a writer
    const found = statSync(from);
    if (!found.isFile()) return { code: `${kind}-unreadable`, path, detail: 'no regular file' };
    if (found.size > maxBytes) return tooLarge(kind, path, maxBytes);
    descriptor = openSync(from, 'r');
    // one byte more than allowed, for a file that grew since
    const buffer = Buffer.alloc(Math.min(found.size, maxBytes) + 1);
    let length = 0;
    for (;;) {
      const bytesRead = readSync(descriptor, buffer, length, buffer.length - length, null);
      length += bytesRead;
      if (bytesRead === 0 || length === buffer.length) break;
    }
    if (length > maxBytes) return tooLarge(kind, path, maxBytes);
    const bytes = buffer.subarray(0, length);
    if (isBlank(bytes)) return { code: `${kind}-empty`, path, detail: 'nothing but white space' };
    return { bytes, path };
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return { code: `${kind}-missing`, path, detail: 'no such file' };
    return { code: `${kind}-unreadable`, path, detail: code };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

const tooLarge = (kind: FileKind, path: string, maxBytes: number): FileContent => ({
  code: `${kind}-too-large`,
  path,
  detail: `more than ${maxBytes} bytes`,
});

const isBlank = (bytes: Buffer): boolean => bytes.every(byte => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));

/** Bytes of a file, or its refusal as an error. */
export function bytesOf(content: FileContent): Buffer {
  if ('bytes' in content) return content.bytes;
  throw new MtlsError(content.code, `${content.path}: ${content.detail}`);
}
