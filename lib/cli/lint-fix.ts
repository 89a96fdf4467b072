import { chmodSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { FixedFile } from '../check/lint/index.js';

/** Writes fixed files in place, each whole or not at all; a file that changed meanwhile is left alone. Returns how many faults were mended. */
export function writeFixes(files: readonly FixedFile[]): number {
  let mended = 0;
  for (const { file, text, fixed } of files) {
    if (file.path === undefined) continue;
    const path = realpathSync(file.path);
    if (readFileSync(path, 'utf8') !== file.text) {
      process.stderr.write(`${file.name}: changed while it was checked, not touched\n`);
      continue;
    }
    const aside = `${path}.sentinel-mtls-${process.pid}`;
    try {
      // exclusive: a link that somebody put there is not followed
      writeFileSync(aside, text, { flag: 'wx' });
      chmodSync(aside, statSync(path).mode & 0o7777);
      renameSync(aside, path);
    } finally {
      rmSync(aside, { force: true });
    }
    mended += fixed.length;
    process.stderr.write(`${file.name}: mended ${fixed.length}\n`);
  }
  return mended;
}
