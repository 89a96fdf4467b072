import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Claim } from './claim.js';
import { ROOT } from './node/settings.js';

export interface Row {
  readonly claim: Omit<Claim, 'check'>;
  readonly checks: number;
  readonly failed: number;
  readonly good: boolean;
  readonly seconds: number;
  readonly figures: readonly string[];
  /** Why it could not be tried to its end. */
  readonly reason?: string;
}

export const note = (line: string): boolean => process.stderr.write(`${line}\n`);

/** To a tenth. */
export const seconds = (since: number): number => Math.round((Date.now() - since) / 100) / 10;

export function table(rows: readonly Row[], plant: boolean): string {
  const lines = rows.map(({ claim, checks, failed, good, seconds, figures, reason }) => {
    const verdict = plant ? (good ? 'turns red' : 'STAYS GREEN') : good ? 'holds' : 'FAILS';
    const count = reason === undefined ? `${checks - failed}/${checks}` : 'broken off';
    const row = `${verdict.padEnd(11)} ${count.padStart(10)} ${seconds.toFixed(1).padStart(7)} s  ${claim.name.padEnd(14)} ${plant ? claim.fault : claim.says}\n`;
    return row + (plant ? '' : figures.map(figure => `${' '.repeat(33)}${figure}\n`).join(''));
  });
  const good = rows.filter(row => row.good).length;
  return `\n${lines.join('')}\n${good} of ${rows.length} ${plant ? 'faults turn their row red' : 'claims hold on the real cluster'}\n`;
}

/** e2e/results.json: what the last whole run has shown, with which versions. */
export function writeResults(rows: readonly Row[], wholeSeconds: number): void {
  const results = {
    seconds: wholeSeconds,
    versions: versions(),
    claims: rows.map(({ claim, checks, failed, good, seconds: time, figures, reason }) => ({
      name: claim.name,
      says: claim.says,
      holds: good,
      checks,
      failed,
      seconds: time,
      ...(figures.length === 0 ? {} : { figures }),
      ...(reason === undefined ? {} : { reason }),
    })),
  };
  writeFileSync(join(ROOT, 'e2e', 'results.json'), `${JSON.stringify(results, undefined, 2)}\n`);
}

/** Of the tools from the table, and of what the machine brought. */
function versions(): Record<string, string> {
  const script = `import { TOOLS } from ${JSON.stringify(join(ROOT, 'e2e', 'tools', 'table.mjs'))};
    process.stdout.write(JSON.stringify(Object.fromEntries(Object.entries(TOOLS).map(([name, { version }]) => [name, version]))));`;
  const tools = JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })) as Record<
    string,
    string
  >;
  return { ...tools, set: process.env.E2E_VERSIONS ?? 'default', node: process.version };
}
