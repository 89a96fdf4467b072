import { basename, join } from 'node:path';
import { type Fleet, loadFleet } from '../fleet/index.js';
import { type ChartIdentity, checkChart, FleetChart, writeChart } from '../render/chart/index.js';
import { fleetPath, parse } from './arguments.js';
import { EXIT, UsageError } from './exit.js';

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
  const folder = values.output ?? join('charts', identityOf(fleet).name);
  const identity = identityOf(fleet, values.output === undefined ? undefined : basename(folder));
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

/** Helm wants the chart to be called like its folder. */
function identityOf(fleet: Fleet, folderName?: string): ChartIdentity {
  const { name = fleet.fleet, version = '0.1.0', appVersion = version.replace(/\+.*$/, '') } = fleet.chart ?? {};
  const chosen = folderName ?? name;
  if (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(chosen) && chosen.length <= 53) return { name: chosen, version, appVersion };
  throw new UsageError(
    `"${chosen}" is no name of a chart`,
    'choose a folder whose name has lower-case letters, digits and "-" only, such as charts/sentinel-core',
  );
}
