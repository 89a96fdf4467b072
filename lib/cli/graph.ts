import { Network } from '../check/network/index.js';
import { blast } from '../check/relations/index.js';
import { list, nearest } from '../fleet/did-you-mean.js';
import { loadFleet, type Plan, resolve } from '../fleet/index.js';
import { readManifests } from '../objects/index.js';
import { blastJson, formatBlast, formatGraph, formatNetwork, graphJson, networkJson, printable } from '../report/index.js';
import { chosenEnvironments, type Format, fleetPath, formatOf, parse } from './arguments.js';
import { EXIT, UsageError } from './exit.js';

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(
    args,
    { file: { type: 'string', short: 'f' }, env: { type: 'string' }, format: { type: 'string' } },
    true,
  );
  const format = formatOf(values.format);
  const [what, service, ...rest] = positionals;
  if (what === 'network') return network(positionals.slice(1), values, format);
  if (what !== undefined && what !== 'blast')
    throw new UsageError(`graph can't show "${what}"`, 'write graph, graph blast SERVICE, or graph network PATH...');
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

/** Of anybody's manifests, without a fleet. What could not be read or judged is said, and is exit code 1: the list may be wrong. */
function network(paths: readonly string[], { file, env }: { readonly file?: string; readonly env?: string }, format: Format): number {
  if (paths.length === 0) throw new UsageError('graph network takes manifests', 'name files or folders, or - for stdin');
  if (file !== undefined || env !== undefined)
    throw new UsageError('graph network looks at manifests alone', 'leave --file and --env out; name the folder of an environment instead');
  const { objects, unreadable } = readManifests(paths);
  const found = new Network(objects);
  if (found.workloads.length === 0 && unreadable.length === 0) {
    process.stderr.write(
      `there is no workload in ${paths.map(path => printable(path)).join(' ')}\n  name manifests of Deployments, Pods and the like\n`,
    );
    return EXIT.noInput;
  }
  process.stdout.write(format === 'json' ? `${JSON.stringify(networkJson(found), undefined, 2)}\n` : formatNetwork(found));
  for (const { message } of unreadable) process.stderr.write(`${printable(message)}\n  mend it: what it declares is not in the list\n`);
  return unreadable.length > 0 || found.problems.length > 0 ? EXIT.findings : EXIT.ok;
}

function unknownService(name: string, plan: Plan): never {
  const names = plan.services.map(service => service.name);
  const guess = nearest(name, names);
  throw new UsageError(
    `there is no service "${name}"`,
    `services: ${list(names)}${guess === undefined ? '' : `; did you mean "${guess}"?`}`,
  );
}
