import { stringify } from 'yaml';
import { RIGHTS_OF, rolesOf, WHOLE_CLUSTER } from '../cluster/rights.js';
import { parse } from './arguments.js';
import { NAMESPACE_OPTIONS, namespacesOf } from './cluster-arguments.js';
import { EXIT, UsageError } from './exit.js';

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(
    args,
    {
      ...NAMESPACE_OPTIONS,
      'cert-manager-namespace': { type: 'string', default: 'cert-manager' },
      preflight: { type: 'boolean', default: false },
      probe: { type: 'boolean', default: false },
    },
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
  if (namespaces !== undefined && command !== undefined && WHOLE_CLUSTER.includes(command))
    throw new UsageError(`--namespace is given with rbac ${command}`, `${command} looks at every namespace, and needs a ClusterRole`);
  const roles = asked.flatMap(name =>
    rolesOf(name, { home: values['cert-manager-namespace'], ...(namespaces === undefined ? {} : { namespaces }) }),
  );
  process.stdout.write(roles.map(role => stringify(role, { lineWidth: 0 })).join('---\n'));
  return EXIT.ok;
}

const commands = (): string => Object.keys(RIGHTS_OF).join(', ');
