import { diffTrees, type EnvironmentDifference, isFlagged } from '../check/diff/index.js';
import { differencesJson, differencesMarkdown, differencesText } from '../report/index.js';
import { parse } from './arguments.js';
import { EXIT, UsageError } from './exit.js';
import { readTree } from './trees.js';

type FailOn = 'any' | 'weaker' | 'never';

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(
    args,
    {
      env: { type: 'string', multiple: true },
      format: { type: 'string', default: 'text' },
      'fail-on': { type: 'string', default: 'any' },
      all: { type: 'boolean', default: false },
    },
    true,
  );
  const [old, now, ...more] = positionals;
  if (old === undefined || now === undefined || more.length > 0)
    throw new UsageError(
      `diff takes two places, got ${positionals.length}`,
      'name the old manifests and the new ones: sentinel-mtls diff git:origin/main:dist dist',
    );
  const write = writerOf(values.format, values.all);
  const failOn = failOnOf(values['fail-on']);
  const differences = diffTrees(readTree(old), readTree(now), values.env === undefined ? {} : { environments: values.env });
  process.stdout.write(write(differences));
  return fails(differences, failOn) ? EXIT.findings : EXIT.ok;
}

function writerOf(format: string, all: boolean): (differences: readonly EnvironmentDifference[]) => string {
  switch (format) {
    case 'text':
      return differences => differencesText(differences, { all });
    case 'markdown':
      return differences => differencesMarkdown(differences, { all });
    case 'json':
      return differences => `${JSON.stringify(differencesJson(differences), undefined, 2)}\n`;
    default:
      throw new UsageError(`format is "${format}"`, 'expected text, json or markdown');
  }
}

function failOnOf(text: string): FailOn {
  if (text === 'any' || text === 'weaker' || text === 'never') return text;
  throw new UsageError(`--fail-on is "${text}"`, 'expected any, weaker or never');
}

/** `weaker` fails for what this program can't judge, too. */
function fails(differences: readonly EnvironmentDifference[], failOn: FailOn): boolean {
  if (failOn === 'any') return differences.length > 0;
  return failOn === 'weaker' && differences.some(({ changes }) => changes.some(isFlagged));
}
