import { type WalkQuestion, walk } from '../check/relations/index.js';
import { list, nearest } from '../fleet/did-you-mean.js';
import { loadFleet, type Plan, resolve } from '../fleet/index.js';
import { formatWalk } from '../report/index.js';
import { chosenEnvironments, type Format, fleetPath, formatOf, parse } from './arguments.js';
import { EXIT, UsageError } from './exit.js';
import { proveEnvironments } from './proving.js';
import { readRendered, renderedFolder } from './rendered.js';

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(
    args,
    {
      file: { type: 'string', short: 'f' },
      env: { type: 'string', multiple: true },
      manifests: { type: 'string', default: 'dist' },
      handshakes: { type: 'boolean', default: false },
      explain: { type: 'string' },
      'non-edges': { type: 'string' },
      format: { type: 'string' },
    },
    true,
  );
  const format = formatOf(values.format);
  if (values.explain === undefined && positionals.length > 0)
    throw new UsageError(`prove takes no argument, got "${positionals[0]}"`, 'name the folder with --manifests');
  const question = values.explain === undefined ? undefined : questionOf([values.explain, ...positionals]);
  const fleet = loadFleet(fleetPath(values.file));
  const environments = chosenEnvironments(fleet, values.env).map(environment => ({
    plan: resolve(fleet, environment),
    folder: renderedFolder(values.manifests, environment, values.env?.length === 1),
  }));
  if (question !== undefined) {
    explain(question, environments, format);
    return EXIT.ok;
  }
  const passed = await proveEnvironments(environments, { handshakes: values.handshakes, format, maxNonEdges: bound(values['non-edges']) });
  return passed ? EXIT.ok : EXIT.findings;
}

/** `--explain web cart:https`, also as one text. */
function questionOf(words: readonly string[]): WalkQuestion {
  const [from, target, ...rest] = words.flatMap(word => word.trim().split(/\s+/));
  const colon = target?.lastIndexOf(':') ?? -1;
  if (from === undefined || target === undefined || colon <= 0 || rest.length > 0)
    throw new UsageError(`--explain is "${words.join(' ')}"`, 'expected a caller and a port: --explain web cart:https');
  return { from, to: target.slice(0, colon), port: target.slice(colon + 1) };
}

function explain(question: WalkQuestion, environments: readonly { readonly plan: Plan; readonly folder: string }[], format: Format): void {
  const walks = environments.map(({ plan, folder }) => {
    const found = walk(readRendered(plan, folder).objects, plan, question);
    if (!('problem' in found)) return { environment: plan.environment, walk: found };
    const asked = found.problem.slice(found.problem.indexOf('"') + 1, -1);
    const guess = nearest(asked, found.known);
    throw new UsageError(found.problem, `there are ${list(found.known)}${guess === undefined ? '' : `; did you mean "${guess}"?`}`);
  });
  if (format === 'json') {
    const documents = walks.map(each => ({ environment: each.environment, ...each.walk }));
    process.stdout.write(`${JSON.stringify({ schemaVersion: 1, walks: documents }, undefined, 2)}\n`);
  } else for (const each of walks) process.stdout.write(formatWalk(each.walk, each.environment));
}

function bound(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new UsageError(`--non-edges is "${text}"`, 'expected a whole number');
  return Number(text);
}
