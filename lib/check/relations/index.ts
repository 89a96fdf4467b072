export { type Blast, type BlastRadius, blast, blastRadius } from './blast.js';
export type { Cause, Difference, DifferenceCode, RelationLayer } from './difference.js';
export { fieldText } from './difference.js';
export { proveRelations, type RelationInput, type RelationProof } from './prove-relations.js';
export { type Step, type Walk, type WalkQuestion, walk } from './walk.js';
