/** Two places that can't be compared, or one that can't be read. */
export class DiffError extends Error {
  override readonly name = 'DiffError';
  readonly code = 'DIFF_INPUT';
}
