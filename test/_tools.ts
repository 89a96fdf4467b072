import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const BUILD = join(__dirname, '..', 'e2e', 'tools', 'build.mjs');

/** Path of a program that `e2e/tools` knows: from PATH, or built before. In CI a missing one is an error; elsewhere it says how to get it. */
export function tool(name: string): string | undefined {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BUILD, '--find', name], { encoding: 'utf8', timeout: 60_000 });
  const [path] = stdout.split('\n');
  if (status === 0 && path !== undefined && path !== '') return path;
  const advice = `${name} is missing: run node e2e/tools/build.mjs ${name} (needs Go), or put it into PATH`;
  if (process.env.CI !== undefined && process.env.CI !== '') throw new Error(`${advice}\n${stderr}`);
  process.stderr.write(`SKIPPED what needs ${name}. ${advice}\n`);
  return undefined;
}
