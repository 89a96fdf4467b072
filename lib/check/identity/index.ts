export { Chains, type Credential, readCredential } from './credentials.js';
export { type Decision, IdentityRelation } from './relation.js';
