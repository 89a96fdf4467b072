export { formatHandshakes, handshakesJson } from './handshakes.js';
export { formatManifestFindings } from './handshakes-findings.js';
export { formatLintJson } from './lint-json.js';
export { countBySeverity, type LintResult } from './lint-result.js';
export { formatLintText } from './lint-text.js';
export { formatRuleIndex, formatRuleList, formatRulePage, formatRuleText } from './rule-page.js';
