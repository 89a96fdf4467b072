import type { Finding } from '../check/lint/index.js';
import { sourceLine } from './_source-line.js';
import { countsText, type LintResult, plural } from './lint-result.js';
import { printableLine } from './printable.js';

const COLORS = { error: '\u001b[1;31m', warning: '\u001b[1;33m', note: '\u001b[1;36m', place: '\u001b[34m', bold: '\u001b[1m' } as const;
const RESET = '\u001b[0m';

type Paint = (style: keyof typeof COLORS, text: string) => string;

/** Findings with the line of the source under them, then the sums. */
export function formatLintText(result: LintResult, { color = false }: { readonly color?: boolean } = {}): string {
  const paint: Paint = (style, text) => (color ? `${COLORS[style]}${text}${RESET}` : text);
  const lines = new SourceLines(result);
  const blocks = result.findings.map(finding => formatFinding(finding, lines, paint));
  return `${[...blocks, summary(result)].join('\n')}\n`;
}

/** Lines of the files that were read; a file is cut into lines once. */
class SourceLines {
  readonly #texts: ReadonlyMap<string, string>;
  #last: { readonly file: string; readonly lines: readonly string[] } | undefined;

  constructor({ files }: LintResult) {
    this.#texts = new Map(files.map(({ name, text }) => [name, text]));
  }

  at(file: string, line: number): string | undefined {
    if (this.#last?.file !== file) {
      const text = this.#texts.get(file);
      if (text === undefined) return undefined;
      this.#last = { file, lines: text.split(/\r?\n/) };
    }
    return this.#last.lines[line - 1];
  }
}

function formatFinding(finding: Finding, lines: SourceLines, paint: Paint): string {
  const { severity, code, name, file, line, column, object, path, related, fleet } = finding;
  const gutter = ' '.repeat(String(line).length);
  const bar = paint('place', '|');
  const output = [
    `${paint(severity, `${severity}[${code}]`)}${paint('bold', `: ${printableLine(finding.message)}`)}`,
    `${gutter}${paint('place', '-->')} ${printableLine(file)}:${line}:${column}`,
  ];
  const text = lines.at(file, line);
  if (text !== undefined) {
    const shown = sourceLine(text, finding);
    output.push(
      `${gutter} ${bar}`,
      `${paint('place', String(line))} ${bar} ${shown.text}`,
      `${gutter} ${bar} ${paint(severity, shown.marks)}`,
    );
  }
  const about = (label: string, what: string): void => {
    output.push(`${gutter} ${paint('place', '=')} ${label}: ${printableLine(what)}`);
  };
  if (object !== '') about('in', path === '' ? object : `${object}, ${path}`);
  for (const place of related) about(place.text, `${place.file}:${place.line}`);
  if (fleet) about('written from', `${fleet.file}:${fleet.line}:${fleet.column}`);
  about('fix', finding.fix);
  about('rule', `${name}, see sentinel-mtls explain ${code}`);
  return `${output.join('\n')}\n`;
}

function summary({ findings, suppressed, objects, files, profile }: LintResult): string {
  const held = suppressed === 0 ? '' : `, ${plural(suppressed, 'finding')} suppressed`;
  return `${countsText(findings)} in ${plural(objects, 'object')} of ${plural(files.length, 'file')}${held} (profile ${profile})`;
}
