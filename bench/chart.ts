import { spawnSync } from 'node:child_process';
import { cpSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFleet } from './_fleet.js';
import { inTurns, median, type Row, runNode } from './_measure.js';

const PROJECT = join(__dirname, '..', '..');
const PROGRAM = join(__dirname, '..', 'lib', 'cli', 'main.js');
const SERVICES = 500;

/** The chart of a large fleet: made beside synth, and rendered beside a chart that ranges over its services. */
export function chart(folder: string): Row[] {
  const fleet = join(folder, 'fleet.yaml');
  writeFleet(fleet, SERVICES);
  const ours = join(folder, 'bench');
  runNode([PROGRAM, 'chart', '-f', fleet, '-o', ours]);
  const ranged = join(folder, 'ranged');
  cpSync(join(PROJECT, 'bench', 'range-chart'), ranged, { recursive: true });
  const names = Array.from({ length: SERVICES }, (_, index) => `service-${String(index).padStart(5, '0')}`);
  writeFileSync(
    join(ranged, 'values.yaml'),
    JSON.stringify({ services: Object.fromEntries(names.map((name, index) => [name, service(names, index)])) }),
  );
  const objects = [ours, ranged].map(path => helm(['template', 'bench', path]).stdout.match(/^kind: /gm)?.length ?? 0);
  process.stdout.write(
    `${SERVICES} services: ${objects[0]} objects by our chart, ${objects[1]} by the ranged one; packed ${packed(ours, folder)} KB\n`,
  );
  const results = inTurns({
    ours: () => helm(['template', 'bench', ours]).wallMs,
    ranged: () => helm(['template', 'bench', ranged]).wallMs,
    chart: () => runNode([PROGRAM, 'chart', '-f', fleet, '-o', ours]).wallMs,
    synth: () => runNode([PROGRAM, 'synth', '-f', fleet, '-o', join(folder, 'dist')]).wallMs,
  });
  return [
    {
      what: 'helm template, 500 services',
      unit: 'ms',
      ours: median(results.ours),
      peer: 'chart with range',
      peers: median(results.ranged),
      bound: 2,
    },
    {
      what: 'sentinel-mtls chart, 500 services',
      unit: 'ms',
      ours: median(results.chart),
      peer: 'sentinel-mtls synth',
      peers: median(results.synth),
      bound: 2,
    },
  ];
}

/** What the template of the ranged chart needs to know of one service. */
function service(names: readonly string[], index: number): Record<string, unknown> {
  const at = (step: number): string | undefined => names[(index + step + names.length) % names.length];
  return {
    image: { repository: `registry.example/${names[index]}`, tag: '1.0.0' },
    replicas: 1,
    callees: [at(1), at(7), at(31)],
    callers: [at(-1), at(-7), at(-31)],
    resources: {},
  };
}

let helmPath: string | undefined;

function helm(args: readonly string[]): { readonly wallMs: number; readonly stdout: string } {
  helmPath ??= runNode([join(PROJECT, 'e2e', 'tools', 'build.mjs'), 'helm4']).stdout.trim();
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(helmPath, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`helm ${args.join(' ')} ended with ${status}\n${stderr}`);
  return { wallMs: performance.now() - started, stdout };
}

function packed(path: string, folder: string): string {
  helm(['package', path, '-d', folder]);
  return (statSync(join(folder, 'bench-0.1.0.tgz')).size / 1024).toFixed(0);
}
