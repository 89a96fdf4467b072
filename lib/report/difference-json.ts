import { type EnvironmentDifference, isFlagged } from '../check/diff/index.js';

/** One document with every change; `flagged` ones need a reviewer. */
export function differencesJson(differences: readonly EnvironmentDifference[]): unknown {
  return {
    schemaVersion: 1,
    different: differences.length > 0,
    flagged: differences.reduce((sum, { changes }) => sum + changes.filter(isFlagged).length, 0),
    environments: differences,
  };
}
