import { restoreBackup, verifyBackup } from '../cluster/index.js';
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
  const steps = await restoreBackup(await openCluster(values), backup, { overwrite: values.overwrite, dryRun: values['dry-run'] });
  const words = { create: 'created', overwrite: 'replaced', keep: 'there already, the same' };
  for (const { object, action } of steps)
    process.stdout.write(`${printable(object)}: ${values['dry-run'] && action !== 'keep' ? `would be ${words[action]}` : words[action]}\n`);
  return EXIT.ok;
}
