export { type Baseline, BaselineError, formatBaseline, parseBaseline, withoutBaseline } from './baseline.js';
export { globPattern, type LintConfig, LintConfigError, parseLintConfig } from './config.js';
export { type InlineSuppressions, readInlineSuppressions } from './inline.js';
export { applySuppressions, isDay, type Suppression } from './suppression.js';
