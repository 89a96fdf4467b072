export { type CheckOptions, checkObject } from './check-object.js';
export type { ObjectPath, ProblemKind, SchemaProblem } from './problem.js';
export { knownKinds } from './validators.js';
