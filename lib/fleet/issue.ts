import { relative } from 'node:path';

/** Where in the fleet: keys and indices from the root. */
export type Path = readonly (string | number)[];

/** One thing that is wrong with a fleet, as data; the text is made once, in `formatIssue`. */
export interface Issue {
  readonly path: Path;
  /** Point at the key instead of its value. */
  readonly atKey?: boolean;
  /** What is wrong: lower case, no full stop. */
  readonly message: string;
  /** What was expected, and what to do. */
  readonly notes: readonly string[];
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface LocatedIssue extends Issue {
  readonly position: Position | undefined;
}

/** `services.control-api.calls[0]` */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) text += typeof part === 'number' ? `[${part}]` : text === '' ? part : `.${part}`;
  return text === '' ? 'the fleet' : text;
}

export function formatIssue(source: string, issue: LocatedIssue): string {
  const where = issue.position ? `${source}:${issue.position.line}:${issue.position.column}` : `${source}: ${formatPath(issue.path)}:`;
  return [`${where} ${issue.message}`, ...issue.notes.map(note => `  ${note}`)].join('\n');
}

/** A fleet that can't be used. Holds every issue that was found, in the order of the file. */
export class FleetError extends Error {
  override readonly name = 'FleetError';
  readonly code = 'FLEET_INVALID';

  constructor(
    readonly source: string,
    readonly issues: readonly LocatedIssue[],
  ) {
    super(issues.map(issue => formatIssue(source, issue)).join('\n'));
  }
}

/** How a path is shown in messages: relative where that is shorter. */
export function displayPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short !== '' && !short.startsWith('..') ? short : path;
}
