#!/usr/bin/env node
import { join } from 'node:path';
import { loadCached } from './cached.js';
import { EXIT, UsageError } from './exit.js';
import { help } from './help.js';

/** Modules of the commands, loaded only when asked for: `--help` must not wait for them. */
const COMMANDS: Readonly<Record<string, () => { run(args: readonly string[]): Promise<number> }>> = {
  start: () => require('./start.js') as typeof import('./start.js'),
  synth: () => loadCached<typeof import('./synth.js')>(join(__dirname, 'synth')),
  chart: () => loadCached<typeof import('./chart.js')>(join(__dirname, 'chart')),
  prove: () => require('./prove.js') as typeof import('./prove.js'),
  diff: () => require('./diff.js') as typeof import('./diff.js'),
  verify: () => loadCached<typeof import('./verify.js')>(join(__dirname, 'verify')),
  report: () => loadCached<typeof import('./report.js')>(join(__dirname, 'report')),
  graph: () => require('./graph.js') as typeof import('./graph.js'),
  lint: () => loadCached<typeof import('./lint.js')>(join(__dirname, 'lint')),
  explain: () => require('./explain.js') as typeof import('./explain.js'),
  init: () => require('./init.js') as typeof import('./init.js'),
  import: () => require('./import.js') as typeof import('./import.js'),
  completion: () => require('./completion.js') as typeof import('./completion.js'),
  status: () => require('./status.js') as typeof import('./status.js'),
  doctor: () => require('./doctor.js') as typeof import('./doctor.js'),
  migrate: () => require('./migrate.js') as typeof import('./migrate.js'),
  rotate: () => require('./rotate.js') as typeof import('./rotate.js'),
  renew: () => require('./renew.js') as typeof import('./renew.js'),
  rbac: () => require('./rbac.js') as typeof import('./rbac.js'),
  backup: () => require('./backup.js') as typeof import('./backup.js'),
  restore: () => require('./restore.js') as typeof import('./restore.js'),
  'dev-certs': () => require('./dev-certs.js') as typeof import('./dev-certs.js'),
};

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(help(name === 'help' ? rest[0] : undefined));
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  if (name === '--version' || name === 'version') {
    process.stdout.write(`${(require('#package') as { version: string }).version}\n`);
    return EXIT.ok;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw new UsageError(`there is no command "${name}"`, `commands: ${Object.keys(COMMANDS).join(', ')}`);
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(help(name));
    return EXIT.ok;
  }
  return command().run(rest);
}

// a reader that has seen enough, such as head, is no fault; 141 is what a program gets that the signal ends
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(141);
});

main(process.argv.slice(2)).then(
  code => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.exitCode = (require('./report-error.js') as typeof import('./report-error.js')).reportError(error);
  },
);
