import { adopt, draftYaml } from '../adopt/index.js';
import { FleetError, parseFleet } from '../fleet/index.js';
import { readManifests } from '../objects/index.js';
import { printable } from '../report/printable.js';
import { parse } from './arguments.js';
import { EXIT, UsageError } from './exit.js';
import { readInputText } from './input-file.js';
import { schemaPath, writeNew } from './new-file.js';

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(
    args,
    {
      output: { type: 'string', short: 'o' },
      name: { type: 'string' },
      'trust-domain': { type: 'string' },
      values: { type: 'string', multiple: true },
    },
    true,
  );
  if (positionals.length === 0)
    throw new UsageError(
      'import takes manifests, got none',
      'name files or folders, or - for stdin: kubectl get deploy,svc -o yaml | sentinel-mtls import -',
    );
  for (const file of values.values ?? []) readInputText(file, 'name the values of a chart');
  const { objects, unreadable } = readManifests(positionals, { values: values.values ?? [] });
  const [first] = unreadable;
  if (objects.size === 0 && first !== undefined) throw first;
  const source = positionals.map(path => (path === '-' ? 'stdin' : path)).join(' ');
  const draft = adopt(objects, { fleet: values.name, trustDomain: values['trust-domain'], source });
  const text = draftYaml(draft, schemaPath(values.output));
  const mistakes = mistakesOf(text, values.output ?? 'fleet.yaml');
  if (values.output === undefined) process.stdout.write(text);
  else {
    writeNew(values.output, text);
    const calls = draft.services.reduce((sum, service) => sum + service.calls.length, 0);
    process.stdout.write(`${values.output}: ${draft.services.length} services, ${calls} calls; go through its comments\n`);
  }
  for (const { message } of unreadable) process.stderr.write(`not read: ${printable(message)}\n`);
  for (const open of draft.open) process.stderr.write(`open: ${printable(open)}\n`);
  if (mistakes !== undefined) process.stderr.write(`${mistakes}\n\nmend these by hand, then run sentinel-mtls synth\n`);
  return mistakes === undefined && unreadable.length === 0 ? EXIT.ok : EXIT.findings;
}

/** What a draft still has wrong: it is worth having all the same, with the places to mend. */
function mistakesOf(text: string, file: string): string | undefined {
  try {
    parseFleet(text, file);
    return undefined;
  } catch (error) {
    if (error instanceof FleetError) return error.message;
    throw error;
  }
}
