import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { KUBERNETES } from '../asked.js';
import { ROOT } from './settings.js';

/** What runs on the machine itself, outside of pods. */
export type ProgramName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kubelet' | 'kube-proxy' | 'kubectl';

export type Programs = Readonly<Record<ProgramName, string>>;

const built = new Map<string, string[]>();

/** Paths of tools by name, built where they are missing; see e2e/tools/build.mjs. Output of the build goes to stderr. */
export function build(...tools: readonly string[]): string[] {
  const key = tools.join(' ');
  const script = join(ROOT, 'e2e', 'tools', 'build.mjs');
  const paths =
    built.get(key) ??
    execFileSync(process.execPath, [script, ...tools], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
      .trim()
      .split('\n');
  built.set(key, paths);
  return paths;
}

export function nodePrograms(): Programs {
  const paths = new Map(build('etcd', KUBERNETES).map(path => [path.slice(path.lastIndexOf('/') + 1), path]));
  const path = (name: ProgramName): string => {
    const found = paths.get(name);
    if (found === undefined) throw new Error(`e2e/tools builds no "${name}"`);
    return found;
  };
  return {
    etcd: path('etcd'),
    'kube-apiserver': path('kube-apiserver'),
    'kube-controller-manager': path('kube-controller-manager'),
    'kube-scheduler': path('kube-scheduler'),
    kubelet: path('kubelet'),
    'kube-proxy': path('kube-proxy'),
    kubectl: path('kubectl'),
  };
}
