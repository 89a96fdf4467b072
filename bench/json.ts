import { join } from 'node:path';
import { writeFleet } from './_fleet.js';
import { inTurns, median, type Row, runVariant } from './_measure.js';

const SERVICES = 10_000;

/** Against the least that any program must do: JSON.stringify of the same objects, written to one file. */
export function json(folder: string): Row[] {
  const fleet = join(folder, 'fleet.yaml');
  const objects = join(folder, 'objects.jsonl');
  writeFleet(fleet, SERVICES);
  runVariant('dump', fleet, objects);
  const results = inTurns({
    yaml: () => runVariant('yaml', objects, join(folder, 'yaml')),
    ours: () => runVariant('ours', fleet, join(folder, 'ours')),
    json: () => runVariant('json', objects, join(folder, 'json')),
  });
  const peers = median(results.json.map(result => result.writeMs));
  const row = (what: string, runs: readonly number[], bound?: number): Row => ({
    what,
    unit: 'ms',
    ours: median(runs),
    peer: 'JSON.stringify + write',
    peers,
    bound,
  });
  return [
    row(
      `objects of ${SERVICES} services to YAML`,
      results.yaml.map(result => result.writeMs),
    ),
    row(
      'fleet.yaml to files',
      results.ours.map(result => result.loadMs + result.buildMs + result.writeMs),
      2.5,
    ),
  ];
}
