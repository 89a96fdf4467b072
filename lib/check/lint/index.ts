export type { Finding, LocatedFinding, RelatedPlace } from './finding.js';
export { applyFixes, type FixedFile } from './fix/apply.js';
export { fleetOrigin } from './fleet-origin.js';
export { hears, inFileOrder, lintObjects, profileDependent, ruleOf, unreadableFindings } from './lint.js';
export { CERT_MANAGER_VERSIONS, type LintOptions } from './options.js';
export { PROFILES, type Profile, profileOf } from './profiles.js';
export { type Edit, PERSONAS, type Persona, type Rule, SEVERITIES, type Severity } from './rule.js';
export { RULES } from './rules/index.js';
export * from './suppress/index.js';
