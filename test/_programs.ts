import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Path of a program that `scripts/tools.sh` installs. In CI a missing one is an error; elsewhere what needs it says that it is skipped. */
export function program(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {}
  }
  const advice = `${name} is not in PATH: run bash scripts/tools.sh`;
  if (process.env.CI !== undefined && process.env.CI !== '') throw new Error(advice);
  process.stderr.write(`SKIPPED what needs ${name}. ${advice}\n`);
  return undefined;
}
