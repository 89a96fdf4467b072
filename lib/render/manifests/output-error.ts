export type OutputErrorCode =
  | 'OUTPUT_FOREIGN' // a folder in the way that this project did not write
  | 'OUTPUT_PATH' // a path that leaves the output folder, or is taken
  | 'OUTPUT_UNMARKED' // an environment without its kustomization.yaml
  | 'OUTPUT_ENVIRONMENT' // an environment was asked for that is not rendered
  | 'OUTPUT_ROLLBACK'; // the old output could not be put back

/** The output folder can't be written, or not safely. */
export class OutputError extends Error {
  override readonly name = 'OutputError';

  constructor(
    readonly code: OutputErrorCode,
    message: string,
  ) {
    super(message);
  }
}
