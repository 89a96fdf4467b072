/** Everything that is wrong with a construct tree; nothing of it was written. */
export class ValidationError extends Error {
  override readonly name = 'ValidationError';
  readonly code = 'SYNTH_INVALID';

  constructor(
    /** `[path] message`, in tree order. */
    readonly problems: readonly string[],
  ) {
    super(`the manifests can't be written\n${problems.map(problem => `  ${problem}`).join('\n')}`);
  }
}
