import { existsSync } from 'node:fs';
import { cgroupProblem } from './cgroups.js';
import { attempt } from './processes.js';

const PROGRAMS = ['containerd', 'ctr', 'runc', 'nft', 'iptables', 'conntrack', 'ip', 'nsenter', 'sysctl', 'curl', 'tar', 'ldd'];

/** The first reason why this machine can't be a node, with what to do; undefined when it can. */
export function whyNot(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return `it needs Linux on x86-64, this is ${process.platform} on ${process.arch}`;
  if (process.getuid?.() !== 0) return 'it needs root, for network namespaces, mounts and cgroups';
  const missing = PROGRAMS.filter(program => !attempt(['sh', '-c', `command -v ${program}`]).ok);
  if (missing.length > 0) return `missing programs: ${missing.join(', ')}; "bash scripts/tools-e2e.sh" installs them`;
  if (!existsSync('/usr/lib/cni/bridge')) return 'no network plugins in /usr/lib/cni; "bash scripts/tools-e2e.sh" installs them';
  return cgroupProblem();
}
