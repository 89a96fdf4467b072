import type { Finding, LocatedFinding } from '../finding.js';
import { ruleFinding, ruleOf } from '../lint.js';
import { expiredSuppression } from '../rules/c037-expired-suppression.js';
import { unusedSuppression } from '../rules/x003-unused-suppression.js';

/** A request to pass over findings. */
export interface Suppression {
  /** Codes. */
  readonly codes: readonly string[];
  readonly reason: string;
  /** `YYYY-MM-DD`; from the next day it does not count. */
  readonly until: string | undefined;
  readonly covers: (finding: Finding) => boolean;
  /** Where it stands. */
  readonly file: string;
  readonly line: number;
}

export interface Suppressed {
  readonly findings: readonly LocatedFinding[];
  readonly suppressed: readonly LocatedFinding[];
}

export interface ApplyOptions {
  readonly date: string;
  /** Rules that did not run, or would find more with another profile: nothing is said of suppressions for them. */
  readonly mayBeUnused: (code: string) => boolean;
}

/** Holds back what is suppressed, and tells of suppressions that have ended or hold back nothing. */
export function applySuppressions(
  findings: readonly LocatedFinding[],
  suppressions: readonly Suppression[],
  options: ApplyOptions,
): Suppressed {
  const kept: LocatedFinding[] = [];
  const suppressed: LocatedFinding[] = [];
  const used = new Set<Suppression>();
  for (const finding of findings) {
    const holding = suppressions.filter(each => each.codes.includes(finding.code) && each.covers(finding));
    for (const each of holding) used.add(each);
    if (holding.some(each => isAlive(each, options.date))) suppressed.push(finding);
    else kept.push(finding);
  }
  for (const each of suppressions) {
    const { codes, until, file, line } = each;
    const what = codes.join(', ');
    if (used.has(each)) {
      if (!isAlive(each, options.date))
        kept.push(ruleFinding(expiredSuppression, `the suppression of ${what} ended on ${until}`, file, line));
    } else if (codes.every(code => !options.mayBeUnused(code)))
      kept.push(ruleFinding(unusedSuppression, `the suppression of ${what} holds nothing back`, file, line));
  }
  return { findings: kept, suppressed };
}

const isAlive = ({ until }: Suppression, date: string): boolean => until === undefined || date <= until;

/** Codes of a list of codes and names, or the first that no rule has. */
export function codesOf(names: readonly string[]): readonly string[] | { readonly unknown: string } {
  const codes: string[] = [];
  for (const name of names) {
    const rule = ruleOf(name);
    if (!rule) return { unknown: name };
    codes.push(rule.code);
  }
  return codes;
}

/** A day that the calendar has: JavaScript takes 31 February for 3 March. */
export function isDay(text: string): boolean {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
