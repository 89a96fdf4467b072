import { execFile, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { LOGS, NETWORK_NAMESPACE, RUN } from './settings.js';

const RECORDS = join(RUN, 'processes');

/** A process that was started here. The start time tells it from a later one with the same number. */
interface Record {
  readonly pid: number;
  /** Ticks since boot, field 22 of /proc/PID/stat; see proc(5). */
  readonly startTime: string;
}

/** Arguments of nsenter that put a command into the node's network. Not `ip netns exec`: that hides the cgroups behind a new /sys. */
export const IN_NODE_NETWORK = ['nsenter', `--net=/run/netns/${NETWORK_NAMESPACE}`, '--'] as const;

/** Starts a daemon in the node's network, in a session of its own; its output goes to `<name>.log`. */
export function start(name: string, command: readonly string[]): void {
  mkdirSync(RECORDS, { recursive: true });
  mkdirSync(LOGS, { recursive: true });
  const log = openSync(join(LOGS, `${name}.log`), 'a');
  try {
    const [program, ...rest] = [...IN_NODE_NETWORK, ...command];
    const child = spawn(program as string, rest, { detached: true, stdio: ['ignore', log, log], cwd: '/' });
    if (child.pid === undefined) throw new Error(`${name} can't be started: is ${program} there?`);
    child.unref();
    writeFileSync(join(RECORDS, name), JSON.stringify({ pid: child.pid, startTime: startTimeOf(child.pid) ?? '' }));
  } finally {
    closeSync(log);
  }
}

/** Ends the recorded process and waits until it is gone: `signal` first, after `seconds` SIGKILL. Does nothing to a process of somebody else. */
export async function stop(name: string, signal: NodeJS.Signals = 'SIGTERM', seconds = 3): Promise<void> {
  const record = recordOf(name);
  if (record === undefined) return;
  if (isAlive(record)) process.kill(record.pid, signal);
  const deadline = Date.now() + seconds * 1000;
  while (isAlive(record)) {
    if (Date.now() > deadline) process.kill(record.pid, 'SIGKILL');
    await pause(20);
  }
  rmSync(join(RECORDS, name), { force: true });
}

/** Names of all recorded processes, and whether each still runs. */
export function recorded(): ReadonlyMap<string, boolean> {
  const names = existsSync(RECORDS) ? readdirSync(RECORDS).sort() : [];
  return new Map(names.map(name => [name, isRunning(name)]));
}

export function isRunning(name: string): boolean {
  const record = recordOf(name);
  return record !== undefined && isAlive(record);
}

export function pidOf(name: string): number | undefined {
  return recordOf(name)?.pid;
}

function recordOf(name: string): Record | undefined {
  const file = join(RECORDS, name);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record) : undefined;
}

function isAlive({ pid, startTime }: Record): boolean {
  return startTimeOf(pid) === startTime;
}

/** Undefined when there is no such process, or when it has ended and only waits for its parent to notice. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // the command's name, in parentheses, may hold anything
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

export interface Outcome {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end; a failure is a value here, since callers poll. */
export function attempt(command: readonly string[], options: { readonly input?: string; readonly timeoutMs?: number } = {}): Outcome {
  const [program, ...rest] = command;
  const { status, stdout, stderr, error } = spawnSync(program as string, rest, {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    timeout: options.timeoutMs ?? 60_000,
    ...(options.input === undefined ? {} : { input: options.input }),
  });
  return { ok: status === 0, stdout: stdout ?? '', stderr: error === undefined ? (stderr ?? '') : `${stderr ?? ''}${error.message}` };
}

/** The same without waiting in line: for many commands at a time. */
export function attemptAsync(command: readonly string[], timeoutMs = 60_000): Promise<Outcome> {
  const [program, ...rest] = command;
  return new Promise(resolve => {
    execFile(program as string, rest, { encoding: 'utf8', timeout: timeoutMs, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ ok: error === null, stdout, stderr: stderr === '' && error !== null ? error.message : stderr });
    });
  });
}

/** Runs a command that must succeed; returns its stdout. */
export function run(command: readonly string[], options: { readonly input?: string; readonly timeoutMs?: number } = {}): string {
  const { ok, stdout, stderr } = attempt(command, options);
  if (!ok) throw new Error(`${command.slice(0, 4).join(' ')} … failed: ${stderr.trim().slice(-2000)}`);
  return stdout;
}

/** Polls until `test` is true; throws with `what` after the deadline. */
export async function until(what: string, seconds: number, test: () => boolean | Promise<boolean>, everyMs = 250): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await test())) {
    if (Date.now() > deadline) throw new Error(`${what}: not so after ${seconds} s`);
    await pause(everyMs);
  }
}
