import { Construct } from 'constructs';
import { addFiles, addPlane, PLANES, type Plane } from '../../constructs/index.js';
import { type Fleet, type Plan, resolve } from '../../fleet/index.js';
import { FleetApp } from './app.js';
import { ObjectNames } from './duplicates.js';
import type { RenderedFile } from './rendered-file.js';
import { ValidationError } from './validation-error.js';

/**
 * The files of these environments, the same as one app with all of them gives. One plane stands in memory at a
 * time, so read each file before the next.
 *
 * @throws ValidationError with all problems, after the last file; while a file is read, where an object does not fit its schema
 */
export function* renderFleet(fleet: Fleet, environments: readonly string[]): Iterable<RenderedFile> {
  const problems: string[] = [];
  for (const environment of environments) yield* renderEnvironment(resolve(fleet, environment), problems);
  if (problems.length > 0) throw new ValidationError(problems);
}

function* renderEnvironment(plan: Plan, problems: string[]): Iterable<RenderedFile> {
  const names = new ObjectNames();
  const held: Plane[] = [];
  for (const plane of PLANES) {
    const app = new FleetApp({ names });
    if (addPlane(new Construct(app, plan.environment), plan, plane)) held.push(plane);
    yield* renderApp(app, problems);
  }
  const app = new FleetApp();
  addFiles(new Construct(app, plan.environment), plan, held);
  yield* renderApp(app, problems);
}

function* renderApp(app: FleetApp, problems: string[]): Iterable<RenderedFile> {
  try {
    yield* app.render();
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    problems.push(...error.problems);
  }
}
