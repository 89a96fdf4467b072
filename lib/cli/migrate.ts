import { migration } from '../cluster/index.js';
import { formatMigration, migrationJson } from '../report/migration.js';
import { formatOf, parse } from './arguments.js';
import { CLUSTER_OPTIONS, openCluster, secondsOf } from './cluster-arguments.js';
import { EXIT } from './exit.js';

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parse(
    args,
    { ...CLUSTER_OPTIONS, fleet: { type: 'string' }, 'quiet-for': { type: 'string', default: '24h' }, format: { type: 'string' } },
    false,
  );
  const format = formatOf(values.format);
  const quietSeconds = secondsOf(values['quiet-for'], '--quiet-for');
  const result = await migration(await openCluster(values), { fleet: values.fleet, quietSeconds });
  process.stdout.write(format === 'json' ? `${JSON.stringify(migrationJson(result), undefined, 2)}\n` : formatMigration(result));
  const isHeld = result.broken.length > 0 || result.ports.some(({ verdict }) => verdict === 'not-yet');
  return isHeld ? EXIT.findings : EXIT.ok;
}
