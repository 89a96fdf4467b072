import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFleet } from './_fleet.js';
import { inTurns, median, type Row, runCommand, runVariant } from './_measure.js';

const SERVICES = 10_000;

/** From fleet.yaml to manifests: the command `synth` against cdk8s's own App with the same constructs, chart for chart. */
export function synth(folder: string): Row[] {
  const fleet = join(folder, 'fleet.yaml');
  writeFleet(fleet, SERVICES);
  const outdirs = { ours: join(folder, 'ours'), stock: join(folder, 'stock') };
  const results = inTurns({
    ours: () => {
      // every run begins with nothing, as each of the peer does
      rmSync(outdirs.ours, { recursive: true, force: true });
      return runCommand(['synth', '-f', fleet, '-o', outdirs.ours]);
    },
    stock: () => runVariant('stock', fleet, outdirs.stock),
  });
  requireSameBytes(join(outdirs.ours, 'prod'), outdirs.stock);
  const row = (what: string, unit: Row['unit'], field: 'wallMs' | 'peakMb', bound: number): Row => ({
    what: `${what} of ${SERVICES} services`,
    unit,
    ours: median(results.ours.map(result => result[field])),
    peer: 'stock cdk8s App',
    peers: median(results.stock.map(result => result[field])),
    bound,
  });
  return [row('synth', 'ms', 'wallMs', 1 / 8), row('peak memory of synth', 'MB', 'peakMb', 1 / 2)];
}

/** A faster writer of something else would prove nothing. */
function requireSameBytes(ours: string, stock: string): void {
  for (const name of readdirSync(stock)) {
    const theirs = readFileSync(join(stock, name));
    const plane = name.split('-')[1];
    // stock cdk8s writes an empty file for a chart without objects
    if (theirs.length > 0 && !theirs.equals(readFileSync(join(ours, `${plane}.yaml`))))
      throw new Error(`${plane}.yaml differs from ${name} of stock cdk8s`);
  }
}
