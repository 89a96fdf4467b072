import { parseFleet } from '../fleet/index.js';
import { parse } from './arguments.js';
import { EXIT, UsageError } from './exit.js';
import { askForFleet, environmentOf, isLabel, isService, isTrustDomain } from './init-questions.js';
import { type FirstFleet, firstFleetYaml } from './init-text.js';
import { schemaPath, writeNew } from './new-file.js';

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parse(
    args,
    {
      name: { type: 'string' },
      namespace: { type: 'string' },
      'trust-domain': { type: 'string' },
      environment: { type: 'string', multiple: true },
      service: { type: 'string', multiple: true },
      output: { type: 'string', short: 'o', default: 'fleet.yaml' },
    },
    false,
  );
  const given: Partial<FirstFleet> = {
    ...checked('fleet', values.name, isLabel),
    ...checked('namespace', values.namespace, isLabel),
    ...checked('trustDomain', values['trust-domain'], isTrustDomain),
    ...(values.environment === undefined ? {} : { environments: values.environment.map(environment) }),
    ...(values.service === undefined ? {} : { services: values.service.map(service) }),
  };
  const first = process.stdin.isTTY ? await askForFleet(given, process.stdin, process.stderr) : withDefaults(given);
  if (first === undefined) throw new UsageError('the answers ended', 'nothing was written');
  const text = firstFleetYaml(first, schemaPath(values.output));
  // a template of ours that is no fleet must not reach anybody
  parseFleet(text, values.output);
  writeNew(values.output, text);
  process.stdout.write(`${values.output} written: put your images and calls there, then run sentinel-mtls start ${values.output}\n`);
  return EXIT.ok;
}

/** Without a terminal nobody can be asked: the name is needed, and the rest follows from it. */
function withDefaults(given: Partial<FirstFleet>): FirstFleet {
  const { fleet } = given;
  if (fleet === undefined) throw new UsageError('init needs a name, and there is no terminal to ask on', 'write --name NAME');
  return {
    namespace: fleet,
    trustDomain: `${fleet}.internal`,
    environments: [{ name: 'dev', authority: 'selfSigned' }],
    services: ['web', 'orders'],
    ...given,
    fleet,
  };
}

function checked<K extends 'fleet' | 'namespace' | 'trustDomain'>(
  key: K,
  value: string | undefined,
  check: (text: string) => string | undefined,
): Partial<FirstFleet> {
  if (value === undefined) return {};
  const problem = check(value);
  if (problem !== undefined) throw new UsageError(`${key} is "${value}"`, problem);
  return { [key]: value };
}

function environment(text: string): FirstFleet['environments'][number] {
  const found = environmentOf(text);
  if (typeof found === 'string') throw new UsageError(found, 'write --environment NAME=KIND, such as prod=vault');
  return found;
}

function service(text: string): string {
  const problem = isService(text);
  if (problem !== undefined) throw new UsageError(`service is "${text}"`, problem);
  return text;
}
