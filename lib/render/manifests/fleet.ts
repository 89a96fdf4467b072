import { addEnvironment } from '../../constructs/index.js';
import { resolve } from '../../fleet/index.js';
import type { Fleet } from '../../fleet/types.js';
import { FleetApp } from './app.js';
import type { RenderedFile } from './rendered-file.js';
import { ValidationError } from './validation-error.js';

/**
 * The files of these environments. One environment stands in memory at a time: read each file before the next.
 *
 * @throws ValidationError with the problems of all environments, after the last good file; while a file is read, where an object does not fit its schema
 */
export function* renderFleet(fleet: Fleet, environments: readonly string[]): Iterable<RenderedFile> {
  const problems: string[] = [];
  for (const environment of environments) {
    const app = new FleetApp();
    addEnvironment(app, resolve(fleet, environment));
    try {
      yield* app.render();
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ValidationError(problems);
}
