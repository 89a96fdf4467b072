import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { down, leftBehind } from './down.js';
import { recorded } from './processes.js';
import { KUBECONFIG, LOGS } from './settings.js';
import { up } from './up.js';

const USAGE = `usage: e2e/cluster COMMAND
  up              starts a one-node Kubernetes and prints the line that points kubectl at it
  down            takes it away, with everything that it made
  status          what runs
  logs [NAME]     names of the logs, or the end of one
`;

const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const note = (line: string): boolean => process.stderr.write(`${line}\n`);

async function main([command, ...rest]: readonly string[]): Promise<number> {
  switch (command) {
    case 'up':
      await up(note);
      say(`export KUBECONFIG=${KUBECONFIG}`);
      return 0;
    case 'down':
      return (await down(note)).length === 0 ? 0 : 1;
    case 'status':
      return status();
    case 'logs':
      return logs(rest[0]);
    default:
      process.stderr.write(USAGE);
      return 2;
  }
}

function status(): number {
  const processes = recorded();
  for (const [name, running] of processes) say(`${name.padEnd(26)} ${running ? 'runs' : 'ended'}`);
  if (processes.size > 0) return [...processes.values()].every(Boolean) ? 0 : 1;
  const left = leftBehind({ folders: true });
  say(left.length === 0 ? 'down' : `down, but not all is gone: ${left.join(', ')}`);
  return left.length === 0 ? 0 : 1;
}

function logs(name: string | undefined): number {
  const files = existsSync(LOGS) ? readdirSync(LOGS).sort() : [];
  if (name === undefined) {
    for (const file of files) say(join(LOGS, file));
    return 0;
  }
  const file = `${name}.log`;
  if (!files.includes(file)) {
    note(`there is no log "${name}"\n  logs: ${files.map(each => each.replace(/\.log$/, '')).join(', ') || 'none'}`);
    return 2;
  }
  say(readFileSync(join(LOGS, file), 'utf8').split('\n').slice(-200).join('\n'));
  return 0;
}

// whoever reads may have read enough
process.stdout.on('error', () => process.exit());
main(process.argv.slice(2)).then(
  code => {
    process.exitCode = code;
  },
  (error: unknown) => {
    note(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  },
);
