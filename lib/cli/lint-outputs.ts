import { formatLintGithub, formatLintJson, formatLintJunit, formatLintSarif, formatLintText, type LintResult } from '../report/index.js';
import type { LintFormat, LintOutput } from './lint-arguments.js';

const FORMATTERS: Readonly<Record<LintFormat, (result: LintResult, color: boolean) => string>> = {
  text: (result, color) => formatLintText(result, { color }),
  json: formatLintJson,
  sarif: formatLintSarif,
  github: formatLintGithub,
  junit: formatLintJunit,
};

/** Writes every output; those with a file first, so that a file that can't be written stops before anything is printed. */
export function writeOutputs(
  result: LintResult,
  outputs: readonly LintOutput[],
  write: (file: string, text: string) => void,
  color: boolean,
): void {
  for (const { format, file } of outputs) if (file !== undefined) write(file, FORMATTERS[format](result, false));
  for (const { format, file } of outputs) if (file === undefined) process.stdout.write(FORMATTERS[format](result, color));
}
