import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CGROUP } from './settings.js';

const TOP = '/sys/fs/cgroup';
/** What kubelet and runc use of cgroup v1. */
const CONTROLLERS = ['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids', 'systemd'];

/** Why the node can't run on this machine's cgroups, or undefined. */
export function cgroupProblem(): string | undefined {
  const missing = CONTROLLERS.filter(name => !existsSync(join(TOP, name)));
  return missing.length === 0
    ? undefined
    : `it needs cgroup v1, where ${TOP} has folders for ${missing.join(', ')}; cgroup v2 is not supported yet`;
}

/** Makes a group in each hierarchy; kubelet wants the CPUs and memory nodes of its group to be there already. */
export function makeCgroups(): void {
  for (const controller of CONTROLLERS) mkdirSync(join(TOP, controller, CGROUP), { recursive: true });
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    writeFileSync(join(TOP, 'cpuset', CGROUP, file), readFileSync(join(TOP, 'cpuset', file)));
  }
}

/** Numbers of the processes in our groups: all of them are of containers. */
export function processesInCgroups(): number[] {
  const pids = new Set<number>();
  for (const folder of foldersOf(join(TOP, 'pids', CGROUP))) {
    for (const line of linesOf(join(folder, 'cgroup.procs'))) pids.add(Number(line));
  }
  return [...pids];
}

/** A group can be removed when it is empty, so the deepest goes first; what can't be removed now is reported by `down`. */
export function removeCgroups(): void {
  for (const controller of CONTROLLERS) {
    for (const folder of foldersOf(join(TOP, controller, CGROUP)).reverse()) {
      try {
        rmdirSync(folder);
      } catch {}
    }
  }
}

export function remainingCgroups(): string[] {
  return CONTROLLERS.map(controller => join(TOP, controller, CGROUP)).filter(folder => existsSync(folder));
}

/** The folder and all below it, parents before children. */
function foldersOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const below = readdirSync(folder, { withFileTypes: true }).filter(entry => entry.isDirectory());
  return [folder, ...below.flatMap(entry => foldersOf(join(folder, entry.name)))];
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}
