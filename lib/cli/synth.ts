import { loadFleet } from '../fleet/index.js';
import { checkOutput, renderFleet, writeOutput } from '../render/manifests/index.js';
import { chosenEnvironments, fleetPath, parse } from './arguments.js';
import { EXIT } from './exit.js';

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parse(
    args,
    {
      file: { type: 'string', short: 'f' },
      env: { type: 'string', multiple: true },
      output: { type: 'string', short: 'o', default: 'dist' },
      check: { type: 'boolean', default: false },
    },
    false,
  );
  const fleet = loadFleet(fleetPath(values.file));
  const environments = chosenEnvironments(fleet, values.env);
  const files = renderFleet(fleet, environments);
  const only = values.env === undefined ? {} : { environments };
  if (values.check) {
    const differences = checkOutput(values.output, files, only);
    for (const { path, difference, line } of differences)
      process.stdout.write(`${values.output}/${path}${line === undefined ? '' : `:${line}`} is ${difference}\n`);
    if (differences.length === 0) process.stdout.write(`${values.output} is current: ${environments.join(', ')}\n`);
    else
      process.stderr.write(
        `${differences.length} ${differences.length === 1 ? 'file differs' : 'files differ'} from the fleet\n  run sentinel-mtls synth and commit the result\n`,
      );
    return differences.length === 0 ? EXIT.ok : EXIT.findings;
  }
  const written = writeOutput(values.output, files, only);
  process.stdout.write(
    `${values.output}: ${written.environments.join(', ')} written${written.removed.length === 0 ? '' : `, ${written.removed.join(', ')} removed`}\n`,
  );
  return EXIT.ok;
}
