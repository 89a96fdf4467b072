import { join } from 'node:path';
import { inTurns, median, type Row, runNode } from './_measure.js';

const PROJECT = join(__dirname, '..', '..');
const PROGRAM = join(__dirname, '..', 'lib', 'cli', 'main.js');

/** Whole commands on the Sentinel fleet against a Node that does nothing. */
export function commands(folder: string): Row[] {
  const results = inTurns({
    nothing: () => runNode(['-e', '0']).wallMs,
    synth: () => runNode([PROGRAM, 'synth', '-f', join(PROJECT, 'fleet.yaml'), '-o', join(folder, 'dist')]).wallMs,
    verify: () => runNode([PROGRAM, 'verify', '-f', join(PROJECT, 'fleet.yaml'), '--manifests', join(PROJECT, 'dist')]).wallMs,
    help: () => runNode([PROGRAM, '--help']).wallMs,
  });
  const peers = median(results.nothing);
  const row = (what: string, runs: readonly number[], bound: number): Row => ({
    what,
    unit: 'ms',
    ours: median(runs),
    peer: 'node -e 0',
    peers,
    bound,
  });
  return [
    row('sentinel-mtls synth', results.synth, 3),
    row('sentinel-mtls verify', results.verify, 4),
    row('sentinel-mtls --help', results.help, 1.6),
  ];
}
