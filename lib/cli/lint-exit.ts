import { SEVERITIES, type Severity } from '../check/lint/index.js';
import type { LintResult } from '../report/index.js';
import { EXIT, nothingToCheck } from './exit.js';
import type { LintArguments } from './lint-arguments.js';

/** By the highest level, so that a pipeline can decide what stops it. */
const FOUND: Readonly<Record<Severity, number>> = { note: 10, warning: 11, error: 12 };

/**
 * 0 clean, 10 to 12 by the highest level among the findings that `--fail-on` takes, 3 when there was nothing to check.
 * With SARIF as the only output it is 0: whoever reads the file decides; `--strict` ends that.
 */
export function lintExitCode({ findings, objects }: LintResult, { outputs, strict, failOn }: LintArguments): number {
  if (objects === 0 && findings.length === 0) return nothingToCheck();
  if (!strict && outputs.every(({ format }) => format === 'sarif')) return EXIT.ok;
  const counted = SEVERITIES.slice(0, SEVERITIES.indexOf(failOn) + 1);
  const highest = counted.find(severity => findings.some(finding => finding.severity === severity));
  return highest === undefined ? EXIT.ok : FOUND[highest];
}
