import type { Finding, Severity } from '../check/lint/index.js';
import { countsText, type LintResult } from './lint-result.js';
import { printableLine } from './printable.js';

const COMMANDS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', note: 'notice' };

/** Workflow commands of GitHub Actions: each finding at its line of a pull request. */
export function formatLintGithub({ findings }: LintResult): string {
  return `${[...findings.map(command), countsText(findings)].join('\n')}\n`;
}

function command({ severity, code, name, message, fix, object, file, line, column, endColumn, fleet }: Finding): string {
  const place = `file=${property(file)},line=${line},col=${column}${endColumn > column ? `,endColumn=${endColumn}` : ''}`;
  const from = fleet ? ` (from ${fleet.file}:${fleet.line})` : '';
  const text = `${object === '' ? '' : `${object}: `}${message}${from}. Fix: ${fix}`;
  return `::${COMMANDS[severity]} ${place},title=${property(`${code} ${name}`)}::${escaped(printableLine(text, 2000))}`;
}

/** A line break would end the command, and what follows be taken for another one. */
const escaped = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const property = (text: string): string => escaped(printableLine(text)).replaceAll(':', '%3A').replaceAll(',', '%2C');
