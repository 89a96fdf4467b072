import type { SourceFile } from '../../../objects/index.js';
import type { LocatedFinding } from '../finding.js';
import { ruleFinding } from '../lint.js';
import { suppressionWithoutReason } from '../rules/x002-suppression-without-reason.js';
import { codesOf, isDay, type Suppression } from './suppression.js';

const MARK = 'sentinel-mtls: ignore';
const COMMENT = /(^|\s)#\s*sentinel-mtls: ignore(?:\[([^\]]*)\])?(.*)$/;
const UNTIL = /^\s*until=(\S+)(.*)$/;

export interface InlineSuppressions {
  readonly suppressions: readonly Suppression[];
  /** Comments that can't be followed. */
  readonly findings: readonly LocatedFinding[];
}

/**
 * Comments of the form `# sentinel-mtls: ignore[SMT-C014] until=2027-01-31 why`. At the end of a line it holds for that
 * line, on a line of its own for the next one, and above a document for all of it.
 */
export function readInlineSuppressions(files: readonly SourceFile[]): InlineSuppressions {
  const suppressions: Suppression[] = [];
  const findings: LocatedFinding[] = [];
  for (const file of files) {
    if (!file.text.includes(MARK)) continue;
    const lines = file.text.split(/\r?\n/);
    for (const [index, line] of lines.entries()) {
      const match = COMMENT.exec(line);
      if (!match) continue;
      const refuse = (problem: string): void => {
        findings.push(ruleFinding(suppressionWithoutReason, problem, file.name, index + 1, line.indexOf('#') + 1, line.length + 1));
      };
      const [, , rules = '', rest = ''] = match;
      const [, until, afterUntil] = UNTIL.exec(rest) ?? [];
      // a second comment sign ends the reason: other tools leave marks on the same line
      const reason = (afterUntil ?? rest).replace(/(?:^|\s)#.*$/, '').trim();
      const codes = codesOf(
        rules
          .split(',')
          .map(rule => rule.trim())
          .filter(rule => rule !== ''),
      );
      if ('unknown' in codes) refuse(`there is no rule "${codes.unknown.slice(0, 60)}"`);
      else if (codes.length === 0) refuse('the suppression names no rule');
      else if (until !== undefined && !isDay(until)) refuse(`"${until.slice(0, 20)}" is no day such as 2027-01-31`);
      else if (reason === '') refuse('the suppression gives no reason');
      else {
        const [from, to] = rangeOf(lines, index);
        suppressions.push({
          codes,
          reason,
          until,
          file: file.name,
          line: index + 1,
          covers: finding => finding.file === file.name && from <= finding.line && finding.line <= to,
        });
      }
    }
  }
  return { suppressions, findings };
}

const isComment = (line: string | undefined): boolean => line !== undefined && /^\s*(?:#.*)?$/.test(line);
const isMarker = (line: string | undefined): boolean => line !== undefined && /^(?:---|\.\.\.)(?:\s|$)/.test(line);

/** First and last line, from 1, that a comment speaks of. */
function rangeOf(lines: readonly string[], index: number): readonly [number, number] {
  if (!isComment(lines[index])) return [index + 1, index + 1];
  let next = index;
  while (next < lines.length && isComment(lines[next])) next++;
  let before = index - 1;
  while (before >= 0 && isComment(lines[before])) before--;
  if (before >= 0 && !isMarker(lines[before])) return [next + 1, next + 1];
  let end = next;
  while (end < lines.length && !isMarker(lines[end])) end++;
  return [next + 1, end];
}
