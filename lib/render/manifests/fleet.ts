import { Construct } from 'constructs';
import { addFiles, addPlane, PLANES, type Plane, planeFile, planeParts } from '../../constructs/index.js';
import { type Fleet, type Plan, resolve } from '../../fleet/index.js';
import { FleetApp } from './app.js';
import { ObjectNames } from './duplicates.js';
import type { RenderedFile } from './rendered-file.js';
import { ValidationError } from './validation-error.js';

/**
 * The files of these environments, the same as one app with all of them gives. A part of one plane stands in memory
 * at a time, so read each file before the next.
 *
 * @throws ValidationError while a file is read or between two files, with what the planes say when each is made in one piece
 */
export function* renderFleet(fleet: Fleet, environments: readonly string[]): Iterable<RenderedFile> {
  const refuse = (): void => refuseWhole(fleet, environments);
  for (const environment of environments) {
    for (const { path, chunks } of sayingAll(renderEnvironment(resolve(fleet, environment)), refuse))
      yield { path, chunks: sayingAll(chunks, refuse) };
  }
}

function* renderEnvironment(plan: Plan): Iterable<RenderedFile> {
  const names = new ObjectNames();
  const held: Plane[] = [];
  for (const plane of PLANES) {
    for (const file of renderPlane(plan, plane, names)) {
      if (file.path === `${plan.environment}/${planeFile(plane)}`) held.push(plane);
      yield file;
    }
  }
  const app = new FleetApp();
  addFiles(new Construct(app, plan.environment), plan, held);
  yield* app.render();
}

/** The file of a plane, and those beside it, which stand in its last part. */
function* renderPlane(plan: Plan, plane: Plane, names: ObjectNames): Iterable<RenderedFile> {
  const path = `${plan.environment}/${planeFile(plane)}`;
  const filesOf = (part: ReturnType<typeof planeParts>[number]): RenderedFile[] => {
    const app = new FleetApp({ names });
    addPlane(new Construct(app, plan.environment), plan, plane, { part });
    return [...app.render()];
  };
  const parts = planeParts(plan, plane);
  const last = filesOf(parts.at(-1));
  const chunks = joined(function* () {
    for (const part of parts.slice(0, -1)) yield* filesOf(part).map(file => file.chunks);
    yield* last.filter(file => file.path === path).map(file => file.chunks);
  });
  const first = chunks.next();
  if (first.done !== true) yield { path, chunks: withFirst(first.value, chunks) };
  yield* last.filter(file => file.path !== path);
}

const SEPARATOR = Buffer.from('---\n');

/** Lists of documents as one. */
function* joined(lists: () => Iterable<Iterable<Uint8Array>>): Generator<Uint8Array, undefined> {
  let begun = false;
  for (const list of lists()) {
    if (begun) yield SEPARATOR;
    for (const chunk of list) {
      yield chunk;
      begun = true;
    }
  }
}

function* withFirst(first: Uint8Array, rest: Iterable<Uint8Array>): Iterable<Uint8Array> {
  yield first;
  yield* rest;
}

/** A part knows only its own mistakes: whoever has to correct a fleet wants to hear of all of them at once. */
function* sayingAll<T>(items: Iterable<T>, refuse: () => void): Iterable<T> {
  try {
    yield* items;
  } catch (error) {
    if (error instanceof ValidationError) refuse();
    throw error;
  }
}

/** Throws what the planes have to say when each is made in one piece. */
function refuseWhole(fleet: Fleet, environments: readonly string[]): void {
  const problems: string[] = [];
  for (const environment of environments) {
    const plan = resolve(fleet, environment);
    const names = new ObjectNames();
    for (const plane of PLANES) {
      const app = new FleetApp({ names });
      addPlane(new Construct(app, plan.environment), plan, plane);
      for (const { chunks } of filesUnless(app, problems)) for (const _ of chunks);
    }
  }
  if (problems.length > 0) throw new ValidationError(problems);
}

function filesUnless(app: FleetApp, problems: string[]): Iterable<RenderedFile> {
  try {
    return app.render();
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    problems.push(...error.problems);
    return [];
  }
}
