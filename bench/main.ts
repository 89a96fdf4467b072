import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Row } from './_measure.js';
import { chart } from './chart.js';
import { commands } from './commands.js';
import { doctor } from './doctor.js';
import { growth } from './growth.js';
import { json } from './json.js';
import { lint } from './lint.js';
import { prove } from './prove.js';
import { report } from './report.js';
import { start } from './start.js';
import { synth } from './synth.js';

/** Each gets a folder of its own, which is removed afterwards. */
const BENCHES: Readonly<Record<string, (folder: string) => Row[] | Promise<Row[]>>> = {
  commands,
  start,
  chart,
  prove,
  report,
  json,
  lint,
  doctor,
  growth,
  synth,
};

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.find(name => !Object.hasOwn(BENCHES, name));
  if (unknown !== undefined) {
    process.stderr.write(`there is no benchmark "${unknown}"\n  benchmarks: ${Object.keys(BENCHES).join(', ')}\n`);
    return 2;
  }
  process.stdout.write(`node ${process.version}, ${availableParallelism()} cores; medians, processes of their own, in turns\n\n`);
  process.stdout.write(line('what', 'ours', 'peer', '', 'ratio', 'bound'));
  let failed = false;
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const folder = mkdtempSync(join(tmpdir(), 'sentinel-bench-'));
    try {
      for (const row of await bench(folder)) failed = print(row) || failed;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  return failed ? 1 : 0;
}

/** True where the bound does not hold. */
function print(row: Row): boolean {
  const ratio = row.ours / row.peers;
  const missed = row.bound !== undefined && ratio > row.bound;
  const bound = row.bound === undefined ? 'reported' : `<= ${factor(row.bound)}${missed ? ' MISSED' : ''}`;
  const amount = (value: number): string => `${value.toFixed(0)} ${row.unit}`;
  process.stdout.write(line(row.what, amount(row.ours), row.peer, amount(row.peers), factor(ratio), bound));
  return missed;
}

const factor = (value: number): string => `${value.toFixed(value < 1 ? 3 : 2)}x`;

function line(...cells: readonly [string, string, string, string, string, string]): string {
  const [what, ours, peer, peers, ratio, bound] = cells;
  return `${what.padEnd(40)} ${ours.padStart(9)}   ${peer.padEnd(24)} ${peers.padStart(9)} ${ratio.padStart(9)}   ${bound}\n`;
}

main(process.argv.slice(2)).then(code => {
  process.exitCode = code;
});
