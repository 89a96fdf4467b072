export { checkFleet } from './check.js';
export { defineFleet, type TypedFleet } from './define.js';
export { FleetError, formatIssue, type Issue, type LocatedIssue, type Path, type Position } from './issue.js';
export { loadFleet, parseFleet } from './load.js';
export type * from './plan.js';
export type * from './policy.js';
export { locate as locatePaths } from './read.js';
export { environmentsOf, resolve } from './resolve.js';
export type * from './types.js';
