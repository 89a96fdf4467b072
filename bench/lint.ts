import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFleet } from './_fleet.js';
import { inTurns, median, type Row, runNode, runVariant } from './_measure.js';

/** Six objects each: 10,002 of services, and those of the fleet as a whole. */
const SERVICES = 1_667;
const MANY_SERVICES = 8_334;

const PROGRAM = join(__dirname, '..', 'lib', 'cli', 'main.js');

/** The command `lint` on rendered objects, against processes that do nothing but parse the same files. */
export function lint(folder: string): Row[] {
  const dist = rendered(folder, 'lint', SERVICES);
  const text = readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.yaml'))
    .map(file => readFileSync(join(dist, file), 'utf8'))
    .join('\n');
  const objects = text.match(/^kind: /gm)?.length ?? 0;
  if (objects < 10_000) throw new Error(`the bench is about 10,000 objects, and there are ${objects}`);
  const results = inTurns({
    ours: () => runNode([PROGRAM, 'lint', dist, '--strict']).wallMs,
    reading: () => runVariant('reading', dist, join(folder, 'none')).wallMs,
    jsYaml: () => runVariant('jsYaml', dist, join(folder, 'none')).wallMs,
    yaml: () => runVariant('yamlLibrary', dist, join(folder, 'none')).wallMs,
  });
  const row = (peer: string, peers: readonly number[], bound?: number): Row => ({
    what: `lint ${objects} objects`,
    unit: 'ms',
    ours: median(results.ours),
    peer,
    peers: median(peers),
    bound,
  });
  return [
    row('reading them', results.reading, 2),
    row('js-yaml loadAll', results.jsYaml),
    row('yaml parseAllDocuments', results.yaml, 1),
    memory(folder),
  ];
}

/** Peak memory of `lint` on five times as many objects; Node alone takes some 45 MB of it. */
function memory(folder: string): Row {
  const dist = rendered(folder, 'many', MANY_SERVICES);
  return {
    what: `lint ${MANY_SERVICES * 6} objects, peak`,
    unit: 'MB',
    ours: runVariant('lint', dist, join(folder, 'none')).peakMb,
    peer: 'js-yaml loadAll',
    peers: runVariant('jsYaml', dist, join(folder, 'none')).peakMb,
    bound: 2,
  };
}

function rendered(folder: string, name: string, services: number): string {
  const fleet = join(folder, `${name}.yaml`);
  writeFleet(fleet, services);
  runNode([PROGRAM, 'synth', '-f', fleet, '-o', join(folder, name)]);
  return join(folder, name, 'prod');
}
