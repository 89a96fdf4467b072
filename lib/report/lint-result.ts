import type { Finding, Severity } from '../check/lint/index.js';
import type { SourceFile } from '../objects/index.js';

/** What every output of `lint` is made from. */
export interface LintResult {
  readonly findings: readonly Finding[];
  /** Findings that a suppression or the baseline holds back. */
  readonly suppressed: number;
  readonly objects: number;
  readonly files: readonly SourceFile[];
  readonly profile: string;
  /** Version of this program. */
  readonly version: string;
}

export function countBySeverity(findings: readonly Finding[]): Record<Severity, number> {
  const counts = { error: 0, warning: 0, note: 0 };
  for (const { severity } of findings) counts[severity]++;
  return counts;
}

export const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** `3 errors, 1 note`, or `no findings`. */
export function countsText(findings: readonly Finding[]): string {
  const counts = countBySeverity(findings);
  const parts = (['error', 'warning', 'note'] as const).filter(severity => counts[severity] > 0);
  return parts.length === 0 ? 'no findings' : parts.map(severity => plural(counts[severity], severity)).join(', ');
}
