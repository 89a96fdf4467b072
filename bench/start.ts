import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { inTurns, median, type Row, runNode } from './_measure.js';

const PROJECT = join(__dirname, '..', '..');
const PROGRAM = join(__dirname, '..', 'lib', 'cli', 'main.js');

/** The first thing that a visitor runs: manifests and proof of the Sentinel fleet. */
export function start(folder: string): Row[] {
  const fleet = join(folder, 'fleet.yaml');
  copyFileSync(join(PROJECT, 'fleet.yaml'), fleet);
  const results = inTurns({
    nothing: () => runNode(['-e', '0']).wallMs,
    start: () => runNode([PROGRAM, 'start', fleet]).wallMs,
  });
  return [
    {
      what: 'sentinel-mtls start',
      unit: 'ms',
      ours: median(results.start),
      peer: 'node -e 0',
      peers: median(results.nothing),
      bound: undefined,
    },
  ];
}
