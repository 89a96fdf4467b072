import { type Subject, verify } from '../check/verify/index.js';
import { type Fleet, loadFleet, resolve } from '../fleet/index.js';
import { readManifests } from '../objects/index.js';
import { formatVerdict, isFailing, type Verdict, verdictJson } from '../report/verdict.js';
import { chosenEnvironments, fleetPath, formatOf, parse } from './arguments.js';
import { EXIT, nothingToCheck, UsageError } from './exit.js';
import { readRendered, renderedFolder } from './rendered.js';

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(
    args,
    {
      file: { type: 'string', short: 'f' },
      env: { type: 'string', multiple: true },
      manifests: { type: 'string', default: 'dist' },
      format: { type: 'string' },
    },
    true,
  );
  const format = formatOf(values.format);
  const isForeign = positionals.length > 0 && values.file === undefined;
  if (isForeign && values.env !== undefined) throw new UsageError('--env is given without a fleet', 'name the fleet with --file');
  const verdicts = isForeign ? [foreign(positionals)] : ofFleet(loadFleet(fleetPath(values.file)), values, positionals);
  if (isForeign && verdicts.every(({ objects, findings }) => objects === 0 && findings.length === 0)) return nothingToCheck();
  process.stdout.write(
    format === 'json' ? `${JSON.stringify(verdictJson(verdicts), undefined, 2)}\n` : verdicts.map(formatVerdict).join(''),
  );
  return verdicts.some(({ findings }) => findings.some(isFailing)) ? EXIT.findings : EXIT.ok;
}

/** A repository that need not know of any fleet. */
function foreign(paths: readonly string[]): Verdict {
  const subject = named(paths);
  return { subject: paths.join(' '), objects: subject.objects.size, findings: verify(subject) };
}

/** What was rendered for each environment; with paths, those for the one environment that is named. */
function ofFleet(
  fleet: Fleet,
  values: { readonly env?: string[]; readonly manifests: string },
  paths: readonly string[],
): readonly Verdict[] {
  const environments = chosenEnvironments(fleet, values.env);
  if (paths.length > 0 && environments.length !== 1)
    throw new UsageError(`paths are given for ${environments.length} environments`, 'name one environment with --env');
  return environments.map(environment => {
    const plan = resolve(fleet, environment);
    const rendered =
      paths.length > 0 ? named(paths) : readRendered(plan, renderedFolder(values.manifests, environment, values.env?.length === 1));
    const findings = verify({ ...rendered, plan });
    return { subject: `fleet ${plan.fleet}, environment ${environment}`, objects: rendered.objects.size, findings };
  });
}

function named(paths: readonly string[]): Pick<Subject, 'objects' | 'read'> {
  const read = readManifests(paths);
  return { objects: read.objects, read };
}
