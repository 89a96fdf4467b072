import { checkObject } from '../../check/schema/index.js';

/**
 * What the API server would refuse or drop in an object that is about to be written, as `[construct path] problem`.
 * An object of a kind without a pinned schema passes only when it is somebody else's.
 */
export function schemaProblems(constructPath: string, written: unknown, ours: boolean): string[] {
  const problems = checkObject(written);
  if (problems.length === 0) return [];
  return problems
    .filter(problem => ours || problem.kind !== 'unknownKind')
    .map(({ path, message, expected }) => `[${constructPath}] ${path.join('.')}: ${message}, expected ${expected}`);
}
