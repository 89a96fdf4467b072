import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { loadAll } from 'js-yaml';
import { loadFleet, resolve } from '../lib/fleet/index.js';
import { writeFleet } from './_fleet.js';
import { inTurns, median, type Row, runNode } from './_measure.js';

const PROJECT = join(__dirname, '..', '..');
const PROGRAM = join(__dirname, '..', 'lib', 'cli', 'main.js');
const SERVICES = 500;

/**
 * The chart of a large fleet: made beside synth, and rendered beside a chart that ranges over its services. That one
 * renders the same objects and has the fields of pods as values, but no modes, switches, guards or schema: what it
 * leaves out is time that ours takes.
 */
export function chart(folder: string): Row[] {
  const fleet = join(folder, 'fleet.yaml');
  writeFleet(fleet, SERVICES);
  const ours = join(folder, 'bench');
  runNode([PROGRAM, 'chart', '-f', fleet, '-o', ours]);
  const ranged = join(folder, 'ranged');
  cpSync(join(PROJECT, 'bench', 'range-chart'), ranged, { recursive: true });
  appendFileSync(join(ranged, 'values.yaml'), `services: ${JSON.stringify(services(fleet))}\n`);
  const count = requireSameObjects(helm(['template', 'bench', ours]).stdout, helm(['template', 'bench', ranged]).stdout);
  process.stdout.write(`${SERVICES} services: ${count} objects, the same of both charts; ours packed ${packed(ours, folder)} KB\n`);
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

/** What the templates of the ranged chart need to know of the services. */
function services(fleet: string): Record<string, unknown> {
  const plan = resolve(loadFleet(fleet), 'prod');
  const of = (name: string, from: 'caller' | 'callee', to: 'caller' | 'callee'): string[] =>
    plan.edges
      .filter(edge => edge[from] === name)
      .map(edge => edge[to])
      .sort();
  return Object.fromEntries(
    plan.services.map(({ name }) => [
      name,
      {
        image: { repository: `registry.example/${name}`, tag: '1.0.0' },
        replicas: 1,
        callees: of(name, 'caller', 'callee'),
        callers: of(name, 'callee', 'caller'),
      },
    ]),
  );
}

/** Rendering something else faster would prove nothing. */
function requireSameObjects(ours: string, ranged: string): number {
  const [left, right] = [ours, ranged].map(objectsByKey);
  if (left === undefined || !isDeepStrictEqual(left, right)) {
    const different = [...(left ?? [])].find(([key, object]) => !isDeepStrictEqual(object, right?.get(key)));
    throw new Error(`the charts differ: ${different === undefined ? 'the ranged one has more objects' : JSON.stringify(different)}`);
  }
  return left.size;
}

function objectsByKey(text: string): Map<string, unknown> {
  const objects = loadAll(text) as readonly { readonly kind: string; readonly metadata: { readonly name: string } }[];
  return new Map(objects.filter(object => object !== null).map(object => [`${object.kind} ${object.metadata.name}`, object]));
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
