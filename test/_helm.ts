import { spawnSync } from 'node:child_process';

/** Helm, as SENTINEL_HELM names it or from PATH; undefined where there is none, and then it is said. */
export function helm(): string | undefined {
  const program = process.env.SENTINEL_HELM ?? 'helm';
  if (spawnSync(program, ['version', '--short']).status === 0) return program;
  process.stderr.write(`skipped: tests that render a chart, because there is no ${program}; name Helm with SENTINEL_HELM\n`);
  return undefined;
}
