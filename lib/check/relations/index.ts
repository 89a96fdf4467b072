export type { Cause, Difference, DifferenceCode, RelationLayer } from './difference.js';
export { proveRelations, type RelationInput, type RelationProof } from './prove-relations.js';
