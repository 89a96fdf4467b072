import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { environmentsOf, type Fleet } from '../fleet/index.js';
import { UsageError } from './exit.js';

type Options = NonNullable<ParseArgsConfig['options']>;

type Parsed<T extends Options> = ReturnType<typeof parseArgs<{ options: T; allowPositionals: true; strict: true }>>;

/** `parseArgs` with errors for people. */
export function parse<T extends Options>(args: readonly string[], options: T, positionals: boolean): Parsed<T> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: positionals, strict: true }) as Parsed<T>;
  } catch (error) {
    const message = (error as Error).message.split('. ')[0] ?? '';
    throw new UsageError(
      message.charAt(0).toLowerCase() + message.slice(1),
      `options: ${Object.keys(options)
        .map(name => `--${name}`)
        .join(', ')}`,
    );
  }
}

/** A folder stands for the fleet.yaml in it. */
export function fleetPath(given: string | undefined): string {
  if (given === undefined) return 'fleet.yaml';
  return isFolder(given) ? join(given, 'fleet.yaml') : given;
}

/** What can't be looked at is left to who reads it, and says why. */
function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
}

/** The environments that were asked for, or all. */
export function chosenEnvironments(fleet: Fleet, asked: readonly string[] | undefined): string[] {
  const all = environmentsOf(fleet);
  for (const name of asked ?? [])
    if (!all.includes(name)) throw new UsageError(`there is no environment "${name}"`, `environments of the fleet: ${all.join(', ')}`);
  return asked === undefined ? all : all.filter(name => asked.includes(name));
}

export type Format = 'text' | 'json';

export function formatOf(given: string | undefined): Format {
  if (given === undefined || given === 'text' || given === 'json') return given ?? 'text';
  throw new UsageError(`format is "${given}"`, 'expected text or json');
}
