export { proveHandshakes } from './handshakes.js';
export type { ManifestCode, ManifestFinding } from './manifest-finding.js';
export { checkManifests } from './manifests.js';
export { certificateOf, policyObjectOf } from './parties.js';
export {
  ATTACK_KINDS,
  type AttackKind,
  type Attempt,
  type AttemptKind,
  type HandshakeOptions,
  type HandshakeResult,
  type Layer,
  type NotProvable,
} from './types.js';
