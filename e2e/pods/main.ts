import { call } from './call.js';
import { listen } from './listen.js';
import { probe } from './probe.js';
import { serve } from './service.js';

/**
 * The program of every pod of the end-to-end tests; it needs nothing but Node.
 *
 *     service              a service of the fleet on the project's runtime library (no argument does the same)
 *     call NAME PORT       one call by somebody whom no library holds back; prints how it ended
 *     listen TCP/80 …      answers on ports without TLS
 *     probe                reads targets from stdin, says which answer
 */
const COMMANDS: Readonly<Record<string, (words: readonly string[]) => void | Promise<void>>> = { service: serve, call, listen, probe };

const [command = 'service', ...words] = process.argv.slice(2);
const run = COMMANDS[command];
if (run === undefined) {
  process.stderr.write(`unknown command "${command}"\n`);
  process.exit(2);
}
Promise.resolve(run(words)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
