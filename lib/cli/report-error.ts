import type { FleetError } from '../fleet/issue.js';
import { systemProblem } from '../objects/index.js';
import { printable } from '../report/printable.js';
import { EXIT, type UsageError } from './exit.js';

/** Errors of the input carry a `code` and a text for people; they are told by it, so that no module is loaded for a name. */
const INPUT_CODES = /^(?:OUTPUT|SYNTH|OBJECTS|POLICY|PROVE|AUTHORITY|DIFF|ISSUANCE|LINT|CLUSTER)_/;

/** Prints an error to stderr and returns the exit code. Never a stack trace, unless SENTINEL_DEBUG asks for it. */
export function reportError(error: unknown): number {
  if (isError<FleetError>(error, 'FleetError')) {
    const count = error.issues.length;
    process.stderr.write(`${error.message}\n\n${count} ${count === 1 ? 'problem' : 'problems'} in ${error.source}, nothing was written\n`);
    return EXIT.usage;
  }
  if (isError<UsageError>(error, 'UsageError')) {
    process.stderr.write(`${asText(error.message)}\n  ${error.next}\n  see sentinel-mtls --help\n`);
    return EXIT.usage;
  }
  const code = (error as { code?: unknown } | null)?.code;
  if (error instanceof Error && (code === 'CLUSTER_UNREACHABLE' || code === 'CLUSTER_REFUSED')) {
    process.stderr.write(`${asText(error.message)}\n`);
    return EXIT.noInput;
  }
  // what no command has words of its own for
  if (isError(error, 'NoReply') || isError(error, 'ApiFailure')) {
    process.stderr.write(
      `the API server ${error.name === 'NoReply' ? 'does not answer' : 'refuses'}: ${printable(error.message)}\n  try kubectl get --raw /livez with the same kubeconfig\n`,
    );
    return EXIT.noInput;
  }
  if (error instanceof Error && typeof code === 'string' && INPUT_CODES.test(code)) {
    const next = error.message.includes('\n') ? '' : '  mend it, or name something else; nothing was written\n';
    process.stderr.write(`${asText(error.message)}\n${next}`);
    return EXIT.usage;
  }
  if (error instanceof Error && typeof code === 'string' && /^E[A-Z]+$/.test(code)) {
    const path = pathOf(error);
    process.stderr.write(`${asText(`${path} ${systemProblem(error, path)}`)}\n  name another path, or mend this one\n`);
    return EXIT.usage;
  }
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `internal error: ${text}\n  this is a fault of sentinel-mtls: please report it; SENTINEL_DEBUG=1 shows where it happened\n`,
  );
  // biome-ignore lint/complexity/useLiteralKeys: index signature
  if (process.env['SENTINEL_DEBUG'] !== undefined && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  return EXIT.internal;
}

/** The last path of an error of the system; of a renaming the new one. */
const pathOf = (error: Error & { readonly path?: unknown; readonly dest?: unknown }): string =>
  [error.dest, error.path].find(each => typeof each === 'string') ?? 'a file';

/** Line by line: a message may quote what somebody else wrote. */
const asText = (message: string): string => message.split('\n').map(printable).join('\n');

/** By name: a command may come from a bundle, which has classes of its own. */
const isError = <T extends Error = Error>(error: unknown, name: T['name']): error is T => error instanceof Error && error.name === name;
