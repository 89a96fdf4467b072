import { RULES } from '../check/lint/index.js';
import type { Finding } from '../check/verify/index.js';
import type { Plan } from '../fleet/index.js';
import { plural } from './plural.js';
import { printable } from './printable.js';

/** Version of the JSON form. */
const SCHEMA_VERSION = 1;

/** What was verified, and what came of it. */
export interface Verdict {
  /** `fleet sentinel, environment dev`, or the paths that were named. */
  readonly subject: string;
  readonly objects: number;
  readonly findings: readonly Finding[];
}

/** Findings that make a verdict fail. */
export const isFailing = ({ severity }: Finding): boolean => severity === 'error';

/** One line a finding, grouped by file, and the verdict last. */
export function formatVerdict({ subject, objects, findings }: Verdict): string {
  const failing = findings.filter(isFailing).length;
  const verdict =
    failing === 0 ? `fine: ${objects} objects` : `NOT fine: ${failing} of ${findings.length} findings are errors, in ${objects} objects`;
  return `${[`verify ${subject}`, ...(findings.length === 0 ? [] : [findings.map(findingText).join('\n')]), `  ${verdict}`].join('\n\n')}\n\n`;
}

/** The part of `start` that says what the objects show by themselves. */
export function formatObjectFindings(objects: number, findings: readonly Finding[], plan: Plan): string {
  const failing = findings.filter(isFailing).length;
  const count = `${plural(failing, 'error')}, ${plural(findings.length - failing, 'warning')}`;
  const verdict = `${failing === 0 ? 'fine' : 'NOT fine'}: ${RULES.length} rules and the schemas, ${objects} objects, ${count}`;
  const parts = [`objects of fleet ${plan.fleet}, environment ${plan.environment}`, ...findings.map(findingText), `  ${verdict}`];
  return `${parts.join('\n\n')}\n\n`;
}

function findingText({ file, line, severity, code, object, path, message, fix }: Finding): string {
  const place = file === undefined ? '' : `${file}:${line} `;
  const what = `${object}${path === '' ? '' : ` ${path}`}`;
  const said = printable(`${what}${what === '' ? '' : ': '}${message}`);
  return `  ${printable(place)}${severity} ${code}\n     ${said}${fix === '' ? '' : `\n     mend: ${printable(fix)}`}`;
}

export function verdictJson(verdicts: readonly Verdict[]): unknown {
  const passed = verdicts.every(({ findings }) => !findings.some(isFailing));
  return { schemaVersion: SCHEMA_VERSION, passed, verdicts };
}
