import { stringify } from 'yaml';
import { RIGHTS_OF, rolesOf } from '../cluster/rights.js';
import { parse } from './arguments.js';
import { NAMESPACE_OPTIONS, namespacesOf } from './cluster-arguments.js';
import { EXIT, UsageError } from './exit.js';

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(
    args,
    { ...NAMESPACE_OPTIONS, preflight: { type: 'boolean', default: false }, probe: { type: 'boolean', default: false } },
    true,
  );
  const [command, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`rbac takes one command, got ${positionals.length}`, `commands: ${commands()}`);
  const asked =
    command === undefined
      ? Object.keys(RIGHTS_OF)
      : [`${command}${values.preflight ? ' --preflight' : ''}${values.probe ? ' --probe' : ''}`];
  const [first] = asked;
  if (command !== undefined && (first === undefined || !Object.hasOwn(RIGHTS_OF, first)))
    throw new UsageError(`rbac knows no command "${first}"`, `commands: ${commands()}`);
  const namespaces = namespacesOf(values);
  const roles = asked.flatMap(name => rolesOf(name, namespaces === undefined ? {} : { namespaces }));
  process.stdout.write(roles.map(role => stringify(role, { lineWidth: 0 })).join('---\n'));
  return EXIT.ok;
}

const commands = (): string => Object.keys(RIGHTS_OF).join(', ');
