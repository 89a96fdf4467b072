import { blast } from '../check/relations/index.js';
import { list, nearest } from '../fleet/did-you-mean.js';
import { loadFleet, type Plan, resolve } from '../fleet/index.js';
import { blastJson, formatBlast, formatGraph, graphJson } from '../report/index.js';
import { chosenEnvironments, fleetPath, formatOf, parse } from './arguments.js';
import { EXIT, UsageError } from './exit.js';

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(
    args,
    { file: { type: 'string', short: 'f' }, env: { type: 'string' }, format: { type: 'string' } },
    true,
  );
  const format = formatOf(values.format);
  const [what, service, ...rest] = positionals;
  if (what !== undefined && what !== 'blast') throw new UsageError(`graph can't show "${what}"`, 'write graph, or graph blast SERVICE');
  if (what === 'blast' && (service === undefined || rest.length > 0))
    throw new UsageError('graph blast takes one service', 'write graph blast SERVICE');
  const fleet = loadFleet(fleetPath(values.file));
  const [environment = ''] = chosenEnvironments(fleet, values.env === undefined ? undefined : [values.env]);
  const plan = resolve(fleet, environment);
  const print = (text: () => string, json: () => unknown): void => {
    process.stdout.write(format === 'json' ? `${JSON.stringify(json(), undefined, 2)}\n` : text());
  };
  if (service === undefined)
    print(
      () => formatGraph(plan),
      () => graphJson(plan),
    );
  else {
    const found = blast(plan, service) ?? unknownService(service, plan);
    print(
      () => formatBlast(found, plan),
      () => blastJson(found, plan),
    );
  }
  return EXIT.ok;
}

function unknownService(name: string, plan: Plan): never {
  const names = plan.services.map(service => service.name);
  const guess = nearest(name, names);
  throw new UsageError(
    `there is no service "${name}"`,
    `services: ${list(names)}${guess === undefined ? '' : `; did you mean "${guess}"?`}`,
  );
}
