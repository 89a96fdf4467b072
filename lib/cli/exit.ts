/** Exit codes of every command. */
export const EXIT = {
  ok: 0,
  /** Findings, or a check that failed. */
  findings: 1,
  /** Bad input or usage; nothing was written. */
  usage: 2,
  /** Nothing could be checked. */
  noInput: 3,
  /** An error of this program. */
  internal: 4,
} as const;

/** Arguments that can't be understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError';

  constructor(
    message: string,
    readonly next: string,
  ) {
    super(message);
  }
}

/** Never fine: a path that was misspelt in CI would pass for ever. */
export function nothingToCheck(): number {
  process.stderr.write('nothing was checked: no Kubernetes object was found\n  name files or folders with manifests, or "-" for stdin\n');
  return EXIT.noInput;
}
