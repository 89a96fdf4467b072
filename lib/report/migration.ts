import type { Migration, PortMigration } from '../cluster/index.js';
import { printableLine } from './printable.js';

const MARKS: Readonly<Record<PortMigration['verdict'], string>> = { done: '√', safe: '→', 'not-yet': '×' };
/** Lines of one port; who is denied may be many. */
const MOST_LINES = 10;

/** A line a port with what was seen; below, what may be changed in the fleet file now. */
export function formatMigration({ fleet, environment, ports, broken }: Migration): string {
  const count = (verdict: PortMigration['verdict']): number => ports.filter(port => port.verdict === verdict).length;
  const edits = [...new Set(ports.flatMap(({ edit }) => (edit === undefined ? [] : [edit])))];
  const lines = [
    `fleet ${printableLine(fleet)}, environment ${printableLine(environment)}`,
    ...ports.flatMap(portLines),
    ...broken.map(({ key, reason }) => `× ConfigMap ${printableLine(key)}: ${printableLine(reason)}`),
    '',
    ...(edits.length > 0 ? ['may be changed in the fleet file now:', ...edits.map(edit => `  ${printableLine(edit)}`), ''] : []),
    `${ports.length} ports: ${count('done')} strict, ${count('safe')} may go on, ${count('not-yet')} not yet`,
  ];
  return `${lines.join('\n')}\n`;
}

function portLines({ service, port, mode, nextMode, verdict, evidence }: PortMigration): string[] {
  const way = nextMode === undefined ? mode : `${mode}, ${verdict === 'safe' ? 'may become' : 'not yet'} ${nextMode}`;
  return [
    `${MARKS[verdict]} ${printableLine(service)}:${printableLine(port)}: ${way}`,
    ...evidence.slice(0, MOST_LINES).map(line => `    ${printableLine(line)}`),
    ...(evidence.length > MOST_LINES ? [`    and ${evidence.length - MOST_LINES} more`] : []),
  ];
}

export const migrationJson = (migration: Migration): object => ({ schemaVersion: 1, ...migration });
