import { relative } from 'node:path';

/** Where in the fleet: keys and indices from the root. */
export type Path = readonly (string | number)[];

/** One thing that is wrong with a fleet, as data; the text is made once, in `formatIssue`. */
export interface Issue {
  readonly path: Path;
  /** Point at the key instead of its value. */
  readonly atKey?: boolean;
  /** The key is none that the schema knows. */
  readonly unknownKey?: boolean;
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
  const path = issue.path.length === 0 ? '' : ` ${formatPath(issue.path)}:`;
  const where = issue.position ? `${source}:${issue.position.line}:${issue.position.column}` : `${source}:${path}`;
  return [`${where} ${issue.message}`, ...issue.notes.map(note => `  ${note}`)].map(printable).join('\n');
}

/** Names come from the file: a terminal must not obey what is in them, nor drown in their length. */
function printable(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters and bidirectional overrides are what is looked for
  const safe = line.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, character => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return safe.length > MAX_LINE ? `${safe.slice(0, MAX_LINE - 3)}...` : safe;
}

const MAX_LINE = 360;
/** More than these say no more than that something is wrong at large. */
const MAX_ISSUES = 50;

/** A fleet that can't be used. Holds every issue that was found, in the order of the file. */
export class FleetError extends Error {
  override readonly name = 'FleetError';
  readonly code = 'FLEET_INVALID';

  constructor(
    readonly source: string,
    readonly issues: readonly LocatedIssue[],
  ) {
    super(formatIssues(source, issues));
  }
}

function formatIssues(source: string, issues: readonly LocatedIssue[]): string {
  const texts = [...new Set(issues.map(issue => formatIssue(source, issue)))];
  const more = texts.length - MAX_ISSUES;
  return [...texts.slice(0, MAX_ISSUES), ...(more > 0 ? [`  (and ${more} more ${more === 1 ? 'problem' : 'problems'})`] : [])].join('\n');
}

/** How a path is shown in messages: relative where that is shorter. */
export function displayPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short !== '' && !short.startsWith('..') ? short : path;
}
