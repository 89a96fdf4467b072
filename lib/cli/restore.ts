import { restoreBackup, type Step, verifyBackup } from '../cluster/index.js';
import { printable } from '../report/printable.js';
import { parse } from './arguments.js';
import { openBackup, summary } from './backup.js';
import { KEY_OPTIONS, keyOf } from './backup-key.js';
import { CLUSTER_OPTIONS, openCluster } from './cluster-arguments.js';
import { EXIT, UsageError } from './exit.js';

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(
    args,
    {
      ...CLUSTER_OPTIONS,
      ...KEY_OPTIONS,
      overwrite: { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
      force: { type: 'boolean', default: false },
    },
    true,
  );
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0)
    throw new UsageError(`restore takes one file, got ${positionals.length}`, 'sentinel-mtls restore FILE --identity KEYS');
  const backup = await openBackup(file, keyOf(values));
  const broken = verifyBackup(backup).filter(({ problems }) => problems.length > 0);
  if (broken.length > 0) {
    process.stderr.write(summary(broken));
    if (!values.force) {
      process.stderr.write('nothing was written; --force restores it as it is\n');
      return EXIT.findings;
    }
  }
  const dryRun = values['dry-run'];
  await restoreBackup(await openCluster(values), backup, {
    overwrite: values.overwrite,
    dryRun,
    onPlan: steps => {
      process.stdout.write(`${planned(steps)}: the API server takes it, as a dry run says\n`);
      if (dryRun) for (const step of steps) process.stdout.write(line(step, 'would be '));
    },
    onDone: step => void process.stdout.write(line(step)),
  });
  return EXIT.ok;
}

const WORDS = { create: 'created', overwrite: 'replaced', keep: 'there already, the same' } as const;

const line = ({ object, action }: Step, would = ''): string => `${printable(object)}: ${action === 'keep' ? '' : would}${WORDS[action]}\n`;

function planned(steps: readonly Step[]): string {
  const count = (action: Step['action']): number => steps.filter(step => step.action === action).length;
  return `${count('create')} to create, ${count('overwrite')} to replace, ${count('keep')} there already and the same`;
}
