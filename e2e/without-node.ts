import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Claim } from './claim.js';
import { build } from './node/programs.js';
import { ROOT } from './node/settings.js';

/** What an API server and cert-manager's controller show without a node: tests of the commands, on loopback. */
const SUITE = 'test/cluster/real';

/**
 * Where this machine can't be a node: runs what needs none, and says which claims are left out. In CI that is a failure.
 * Returns the exit code.
 */
export function withoutNode(problem: string, claims: readonly Claim[], note: (line: string) => void): number {
  note(`the node can't run on this machine: ${problem}`);
  const leftOut = claims.map(({ name, says }) => `  left out  ${name.padEnd(14)} ${says}`);
  if ((process.env.CI ?? '') !== '') {
    note(['in CI that is a failure', ...leftOut].join('\n'));
    return 1;
  }
  note(`etcd, kube-apiserver and cert-manager run without one: ${SUITE}`);
  build('etcd', 'kubernetes', 'cert-manager', 'trust-manager');
  const { status } = spawnSync(process.execPath, [join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js'), '-w', '1', SUITE], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  note(leftOut.join('\n'));
  return status ?? 1;
}
