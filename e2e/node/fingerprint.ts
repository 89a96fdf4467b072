import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { attempt } from './processes.js';

/** What a run could leave on a machine, by kind; two of them are compared before and after. */
export type Fingerprint = Readonly<Record<string, readonly string[]>>;

export function fingerprint(): Fingerprint {
  const lines = (command: readonly string[]): string[] => attempt(command).stdout.split('\n').filter(Boolean).sort();
  const names = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);
  const mountPoints = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map(line => line.split(' ')[4] ?? '');
  return {
    mounts: mountPoints.filter(Boolean).sort(),
    'network namespaces': names('/run/netns'),
    links: lines(['ip', '-o', 'link']).map(line => line.split(':')[1]?.trim() ?? ''),
    routes: lines(['ip', 'route']),
    'packet filter rules': lines(['nft', 'list', 'ruleset']),
    cgroups: names('/sys/fs/cgroup').flatMap(controller =>
      names(`/sys/fs/cgroup/${controller}`)
        .filter(name => !name.includes('.'))
        .map(name => `${controller}/${name}`),
    ),
    'kernel settings': ['vm.overcommit_memory', 'kernel.panic', 'kernel.panic_on_oops'].map(name =>
      attempt(['sysctl', name]).stdout.trim(),
    ),
    'state folders': ['/var/lib', '/run'].flatMap(folder =>
      names(folder)
        .filter(name => /e2e|kubelet|containerd|^cni$/.test(name))
        .map(name => `${folder}/${name}`),
    ),
    processes: names('/proc')
      .filter(name => /^\d+$/.test(name))
      .map(nameOfProcess)
      .filter(name => /^(etcd|kube-|kubelet|containerd|runc|coredns|pause|prometheus)/.test(name))
      .sort(),
  };
}

/** Each line that is in one and not in the other. */
export function differences(before: Fingerprint, after: Fingerprint): string[] {
  return Object.keys(before).flatMap(kind => {
    const [old = [], now = []] = [before[kind], after[kind]];
    const added = now.filter(line => !old.includes(line)).map(line => `${kind}: + ${line}`);
    const gone = old.filter(line => !now.includes(line)).map(line => `${kind}: - ${line}`);
    return [...added, ...gone];
  });
}

/** Empty for one that has ended and only waits for its parent to notice; see proc(5). */
function nameOfProcess(pid: string): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const end = stat.lastIndexOf(')');
    return stat.startsWith(' Z', end + 1) ? '' : stat.slice(stat.indexOf('(') + 1, end);
  } catch {
    return '';
  }
}
