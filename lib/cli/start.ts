import { dirname, join } from 'node:path';
import { environmentsOf, loadFleet, resolve } from '../fleet/index.js';
import { renderFleet, writeOutput } from '../render/manifests/index.js';
import { fleetPath, formatOf, parse } from './arguments.js';
import { EXIT, UsageError } from './exit.js';
import { proveEnvironments } from './proving.js';

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, { format: { type: 'string' } }, true);
  if (positionals.length > 1) throw new UsageError(`start takes one fleet, got ${positionals.length}`, 'name one file or folder');
  const format = formatOf(values.format);
  const path = fleetPath(positionals[0]);
  const fleet = loadFleet(path);
  const environments = environmentsOf(fleet);
  const output = join(dirname(path), 'dist');
  writeOutput(output, renderFleet(fleet, environments));
  if (format === 'text')
    process.stdout.write(
      `${path}: ${Object.keys(fleet.services).length} services, manifests for ${environments.join(', ')} in ${output}/\n\n`,
    );
  const proofs = environments.map(environment => ({ plan: resolve(fleet, environment), folder: join(output, environment) }));
  const passed = await proveEnvironments(proofs, { objects: true, handshakes: true, format });
  if (format === 'text')
    process.stdout.write(passed ? 'exactly the declared calls are possible\n' : 'NOT PROVED: see the failures above\n');
  return passed ? EXIT.ok : EXIT.findings;
}
