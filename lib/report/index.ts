export { formatHandshakes, handshakesJson } from './handshakes.js';
export { formatManifestFindings } from './handshakes-findings.js';
export { formatLintGithub } from './lint-github.js';
export { formatLintJson } from './lint-json.js';
export { formatLintJunit } from './lint-junit.js';
export { countBySeverity, type LintResult } from './lint-result.js';
export { formatLintSarif } from './lint-sarif.js';
export { formatLintText } from './lint-text.js';
export { formatRuleIndex, formatRuleList, formatRulePage, formatRuleText } from './rule-page.js';
