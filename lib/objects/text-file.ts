import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { ObjectsError } from './object.js';
import type { SourceFile } from './source-document.js';
import { systemProblem } from './system-problem.js';

/** 256 MiB: some 100,000 objects; more in one file is a mistake or an attack. */
const MAX_BYTES = 256 * 1024 * 1024;

/** How a path is shown in messages: relative where that is shorter. */
export function displayPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short !== '' && !short.startsWith('..') ? short : path;
}

/** @throws ObjectsError when it can't be read, is no regular file, is too large or not UTF-8 */
export function readSourceFile(path: string): SourceFile {
  const name = displayPath(path);
  return { name, path, text: decode(readBytes(path, name), name) };
}

/** @throws ObjectsError when the bytes are not UTF-8 */
export function decode(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const lossy = new TextDecoder('utf-8').decode(bytes);
    const line = lossy.slice(0, Math.max(0, lossy.indexOf('\ufffd'))).split('\n').length;
    throw new ObjectsError({ file: name, line }, 'is not UTF-8 text');
  }
}

function readBytes(path: string, name: string): Buffer {
  const refuse = (problem: string): never => {
    throw new ObjectsError({ file: name, line: 1 }, problem);
  };
  let descriptor: number | undefined;
  try {
    // non-blocking: a pipe that nobody writes to would hold the command for ever
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return refuse('is no regular file');
    if (stat.size > MAX_BYTES) return refuse(`has ${stat.size} bytes, at most ${MAX_BYTES} are read`);
    return readFileSync(descriptor);
  } catch (error) {
    if (error instanceof ObjectsError) throw error;
    return refuse(systemProblem(error, path) ?? `can't be read: ${String(error)}`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
