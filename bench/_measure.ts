import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Measurement } from './_child.js';

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly unit: 'ms' | 'MB';
  readonly ours: number;
  /** What ours is compared with. */
  readonly peer: string;
  readonly peers: number;
  /** The largest allowed ours / peers; undefined where it is only reported. */
  readonly bound: number | undefined;
}

// 5: the median is then not moved by two bad runs
const RUNS = 5;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted[sorted.length >> 1];
  if (middle === undefined) throw new Error('the median of nothing was asked for');
  return middle;
}

/** Runs every action in turn, several times over, so that a busy moment of the machine hits all of them. */
export function inTurns<Name extends string, Result>(actions: Readonly<Record<Name, () => Result>>): Record<Name, Result[]> {
  const names = Object.keys(actions) as Name[];
  const results = Object.fromEntries(names.map(name => [name, [] as Result[]])) as Record<Name, Result[]>;
  for (let run = 0; run < RUNS; run++) for (const name of names) results[name].push(actions[name]());
  return results;
}

export interface Timed extends Measurement {
  /** Of the whole process, its start included. */
  readonly wallMs: number;
}

/** Runs a variant of `_child.ts` in a process of its own. */
export function runVariant(name: string, input: string, outdir: string): Timed {
  // every run begins with nothing, so that nobody pays for removing the files of the run before
  rmSync(outdir, { recursive: true, force: true });
  const { wallMs, stdout } = runNode([join(__dirname, '_child.js'), name, input, outdir]);
  return { ...(JSON.parse(stdout) as Measurement), wallMs };
}

const PROGRAM = join(__dirname, '..', 'lib', 'cli', 'main.js');

/** Runs the command that users run, in a process of its own. */
export function runCommand(args: readonly string[]): Pick<Timed, 'wallMs' | 'peakMb'> {
  const { wallMs, stdout } = runNode(['--require', join(__dirname, '_peak.js'), PROGRAM, ...args]);
  return { wallMs, peakMb: Number(stdout.trimEnd().split('\n').at(-1)) };
}

export function runNode(args: readonly string[], cwd = process.cwd()): { readonly wallMs: number; readonly stdout: string } {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  const wallMs = performance.now() - started;
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}\n${stderr}`);
  return { wallMs, stdout };
}
