export { type DiffOptions, diffTrees, type Tree } from './diff.js';
export { type Change, type Effect, type EnvironmentDifference, type FieldChange, isFlagged, SECTIONS, type Section } from './types.js';
