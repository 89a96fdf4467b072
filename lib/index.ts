/** The public API: declare a fleet, resolve it, write it down with cdk8s, check and prove what was written. */
export { type DiffOptions, diffTrees, type EnvironmentDifference, type Tree } from './check/diff/index.js';
export { type Finding, type LintOptions, lintObjects, RULES, type Rule } from './check/lint/index.js';
export * from './check/prove/index.js';
export { checkObject, type SchemaProblem } from './check/schema/index.js';
export * from './constructs/index.js';
export type {
  Authority as AuthorityDeclaration,
  Call,
  CertificateSettings,
  Environment,
  External,
  Fleet,
  Mode,
  Plan,
  Policy as PolicyDocument,
  Port,
  Service,
  ServiceOverride,
  ServicePlan,
} from './fleet/index.js';
export { defineFleet, environmentsOf, FleetError, loadFleet, parseFleet, resolve } from './fleet/index.js';
export { type Manifests, ObjectSet, parseObjects, readManifests, readObjects } from './objects/index.js';
export { EmbeddedAuthority } from './pki/authority.js';
export { FleetChart, withDefaults } from './render/chart/index.js';
export { checkOutput, FleetApp, renderFleet, writeOutput } from './render/manifests/index.js';
export { renderObjects } from './render/manifests/objects.js';
export { differencesJson, differencesMarkdown, differencesText, formatHandshakes, formatManifestFindings } from './report/index.js';
