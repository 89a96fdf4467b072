import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export interface Helm {
  readonly major: 3 | 4;
  readonly path: string;
}

const ROOT = join(__dirname, '..');

/**
 * The real Helm 3 and Helm 4: those on PATH, else built from their Go modules into a cache outside of the tree.
 * Without Go and without Helm the list is empty and says why; in CI that is an error.
 */
export function helms(): readonly Helm[] {
  const build = (major: 3 | 4): Helm | undefined => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'e2e', 'tools', 'build.mjs'), `helm${major}`], {
      encoding: 'utf8',
    });
    const path = stdout.trim();
    if (status === 0 && path !== '') return { major, path };
    if (process.env.CI !== undefined) throw new Error(`Helm ${major} is missing: ${stderr}`);
    console.warn(`tests with Helm ${major} are skipped: ${stderr}install Go 1.26, or put Helm ${major} into PATH`);
    return undefined;
  };
  return ([3, 4] as const).flatMap(major => build(major) ?? []);
}
