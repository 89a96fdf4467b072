/** A fleet or folder that can't become a chart. */
export class ChartError extends Error {
  override readonly name = 'ChartError';
  readonly code = 'OUTPUT_CHART';
}
