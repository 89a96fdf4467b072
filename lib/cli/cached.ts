import { existsSync, readFileSync } from 'node:fs';
import { createRequire, wrap } from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';

/** Endings of what `scripts/bundle.mjs` makes beside a module. */
const BUNDLE = '.bundle.js';
const CODE_CACHE = '.bundle.cache';

/**
 * Loads a module of this folder from its bundle, with the machine code that the build kept: reading and compiling
 * some hundred files is most of what a short command does. V8 refuses code of another version, and then compiles.
 * Without a bundle the module itself is loaded.
 */
export function loadCached<T>(path: string): T {
  const filename = path + BUNDLE;
  if (!existsSync(filename)) return require(path) as T;
  const script = compile(filename, existsSync(path + CODE_CACHE) ? readFileSync(path + CODE_CACHE) : undefined);
  return runModule(script, filename) as T;
}

/** A CommonJS module as V8 compiles it; `cachedData` is of the same source. */
export function compile(filename: string, cachedData: Buffer | undefined): Script {
  return new Script(wrap(readFileSync(filename, 'utf8')), { filename, cachedData });
}

export function runModule(script: Script, filename: string): unknown {
  const module = { exports: {} };
  const run = script.runInThisContext() as (...parts: readonly unknown[]) => void;
  run(module.exports, createRequire(filename), module, filename, dirname(filename));
  return module.exports;
}
