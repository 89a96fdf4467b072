import { readFileSync } from 'node:fs';
import { decode, systemProblem } from '../objects/index.js';
import { UsageError } from './exit.js';

/**
 * A file that was named, also a pipe such as `<(pass show backup)`. `next` says what file is meant.
 *
 * @throws UsageError when it can't be read or is empty
 */
export function readInput(path: string, next: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const problem = systemProblem(error, path);
    if (problem === undefined) throw error;
    throw new UsageError(`${path} ${problem}`, next);
  }
  if (bytes.length === 0) throw new UsageError(`${path} is empty`, next);
  return bytes;
}

/** @throws UsageError as readInput, and for bytes that are no UTF-8 */
export function readInputText(path: string, next: string): string {
  const bytes = readInput(path, next);
  try {
    return decode(bytes, path);
  } catch {
    throw new UsageError(`${path} is not UTF-8 text`, next);
  }
}
