import { basename, join, resolve } from 'node:path';
import { loadFleet } from '../fleet/index.js';
import { chartIdentity, checkChart, FleetChart, writeChart } from '../render/chart/index.js';
import { fleetPath, parse } from './arguments.js';
import { EXIT } from './exit.js';

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parse(
    args,
    {
      file: { type: 'string', short: 'f' },
      output: { type: 'string', short: 'o' },
      check: { type: 'boolean', default: false },
    },
    false,
  );
  const fleet = loadFleet(fleetPath(values.file));
  const identity = chartIdentity(fleet, values.output === undefined ? undefined : basename(resolve(values.output)));
  const folder = values.output ?? join('charts', identity.name);
  const files = new FleetChart(fleet, identity).files();
  if (!values.check) {
    writeChart(folder, files);
    process.stdout.write(`${folder}: chart ${identity.name} ${identity.version} written, ${files.size} files\n`);
    return EXIT.ok;
  }
  const differences = checkChart(folder, files);
  for (const { path, difference, line } of differences)
    process.stdout.write(`${folder}/${path}${line === undefined ? '' : `:${line}`} is ${difference}\n`);
  if (differences.length === 0) {
    process.stdout.write(`${folder} is current\n`);
    return EXIT.ok;
  }
  process.stderr.write(
    `${differences.length} ${differences.length === 1 ? 'file differs' : 'files differ'} from the fleet\n  run sentinel-mtls chart and commit the result\n`,
  );
  return EXIT.findings;
}
