import { checkFleet } from './check.js';
import { displayPath, FleetError, type Issue, type LocatedIssue } from './issue.js';
import { locate, parseFleetText, readFleetText } from './read.js';
import { markChecked } from './resolve.js';
import type { Fleet } from './types.js';

/**
 * Reads and checks a fleet file.
 * @throws FleetError with every issue of the file, each with its line and column
 */
export function loadFleet(path: string): Fleet {
  return parseFleet(readFleetText(path), displayPath(path));
}

/** The same for text that is already in memory; `source` is how errors name it. */
export function parseFleet(text: string, source: string): Fleet {
  const result = checkFleet(parseFleetText(text, source));
  if ('fleet' in result) return markChecked(result.fleet);
  throw new FleetError(source, inFileOrder(text, result.issues));
}

function inFileOrder(text: string, issues: readonly Issue[]): LocatedIssue[] {
  const positions = locate(text, issues);
  const located = issues.map((issue, index) => ({ ...issue, position: positions[index] ?? { line: 1, column: 1 } }));
  return located.sort((a, b) => a.position.line - b.position.line || a.position.column - b.position.column);
}
