export { ANY_CERTIFICATE, IssuanceRelation, type Obtains, type Refusal, STRANGER } from './relation.js';
export { type VaultFinding, type VaultRoleFile, vaultFindings } from './vault-role.js';
