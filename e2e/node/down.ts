import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { processesInCgroups, remainingCgroups, removeCgroups } from './cgroups.js';
import { ctr } from './containers.js';
import { networkExists, removeNetwork } from './network.js';
import { attempt, recorded, stop } from './processes.js';
import { CONTAINERD_SOCKET, HOST_LINK, NETWORK_NAMESPACE, RUN, STATE } from './settings.js';
import { restoreSysctls } from './sysctls.js';

/**
 * Takes the node away: processes by their records, containers by their ids, mounts and cgroups below our own paths, the
 * network namespace. Never by a name that somebody else may use. May be run twice, or after an `up` that was broken off.
 * Returns what could not be removed.
 */
export async function down(report: (line: string) => void): Promise<string[]> {
  const start = Date.now();
  // these would start containers again, or rules
  await Promise.all(['kubelet', 'kube-proxy', 'policy-agent', 'kube-scheduler', 'kube-controller-manager'].map(name => stop(name)));
  await endContainers();
  // the API server would wait for its watches; all its state is about to be removed
  await stop('kube-apiserver', 'SIGKILL');
  await Promise.all([...recorded().keys()].filter(name => name !== 'containerd').map(name => stop(name)));
  await stop('containerd');
  endShims();
  unmount();
  await removeGroups();
  removeNetwork();
  restoreSysctls();
  removeShimSockets();
  const left = leftBehind({ folders: false });
  // a folder with a mount in it is left alone: what is mounted may be anything
  if (left.length === 0) for (const folder of [RUN, STATE]) rmSync(folder, { recursive: true, force: true });
  const all = leftBehind({ folders: true });
  report(`down in ${((Date.now() - start) / 1000).toFixed(1)} s; left behind: ${all.length === 0 ? 'nothing' : all.join(', ')}`);
  return all;
}

/** Everything of ours that is still on this machine. */
export function leftBehind({ folders }: { readonly folders: boolean }): string[] {
  return [
    ...[...recorded()].filter(([, running]) => running).map(([name]) => `process ${name}`),
    ...processesInCgroups().map(pid => `container process ${pid}`),
    ...shims().map(pid => `shim ${pid}`),
    ...mounts().map(mount => `mount ${mount}`),
    ...remainingCgroups(),
    ...(networkExists() ? [`network namespace ${NETWORK_NAMESPACE}`] : []),
    ...(existsSync(`/sys/class/net/${HOST_LINK}`) ? [`link ${HOST_LINK}`] : []),
    ...(folders ? [RUN, STATE].filter(folder => existsSync(folder)) : []),
  ];
}

async function endContainers(): Promise<void> {
  if (!existsSync(CONTAINERD_SOCKET)) return;
  const list = (kind: string): string[] =>
    attempt(ctr(kind, 'ls', '-q'), { timeoutMs: 20_000 })
      .stdout.split('\n')
      .filter(Boolean);
  const tasks = list('tasks');
  if (tasks.length === 0) return;
  for (const pid of processesInCgroups()) kill(pid);
  for (let round = 0; round < 50 && processesInCgroups().length > 0; round++) await pause(50);
  attempt(ctr('tasks', 'rm', '--force', ...tasks), { timeoutMs: 30_000 });
}

/** Processes of containers, whether containerd knows them or not, and then their groups. */
async function removeGroups(): Promise<void> {
  for (let round = 0; round < 50 && remainingCgroups().length > 0; round++) {
    for (const pid of processesInCgroups()) kill(pid);
    removeCgroups();
    await pause(50);
  }
}

/** A shim is ours when it was started with our socket's address. */
function shims(): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => {
      const [program = '', ...words] = read(`/proc/${pid}/cmdline`).split('\0');
      return program.endsWith('/containerd-shim-runc-v2') && words.includes(CONTAINERD_SOCKET);
    });
}

function endShims(): void {
  for (const pid of shims()) kill(pid);
}

/** Mount points below our two folders, the deepest first. */
function mounts(): string[] {
  const points = read('/proc/self/mountinfo')
    .split('\n')
    .map(line => line.split(' ')[4] ?? '');
  return points
    .filter(point => [RUN, STATE].some(folder => point.startsWith(`${folder}/`)))
    .sort()
    .reverse();
}

function unmount(): void {
  for (const mount of mounts()) {
    if (!attempt(['umount', mount]).ok) attempt(['umount', '--lazy', mount]);
  }
}

/** Shims put their sockets into /run/containerd whatever the settings say: dead ones go, and folders that are empty then. */
function removeShimSockets(): void {
  const sockets = '/run/containerd/s';
  if (!existsSync(sockets)) return;
  const open = read('/proc/net/unix');
  for (const name of readdirSync(sockets)) {
    const socket = join(sockets, name);
    if (!open.includes(` ${socket}\n`)) rmSync(socket, { force: true });
  }
  for (const folder of ['runc/k8s.io', 'runc', 's', 'fifo', '']) {
    try {
      rmdirSync(join('/run/containerd', folder));
    } catch {}
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {}
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
