export type { Finding, LocatedFinding, RelatedPlace } from './finding.js';
export { hears, inFileOrder, lintObjects, ruleOf, unreadableFindings } from './lint.js';
export { CERT_MANAGER_VERSIONS, type LintOptions } from './options.js';
export { PROFILES, type Profile, profileOf } from './profiles.js';
export { type Edit, PERSONAS, type Persona, type Rule, SEVERITIES, type Severity } from './rule.js';
export { RULES } from './rules/index.js';
