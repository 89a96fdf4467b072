import type { ObjectSet, ObjectsError } from '../../objects/index.js';
import { environmentsOf } from './environments.js';
import { type Finding, findingOf, fingerprintOf, type LocatedFinding, type Places } from './finding.js';
import { type LintOptions, settingsOf } from './options.js';
import { PERSONAS, type Persona, type Rule, SEVERITIES } from './rule.js';
import { RULES, UNREADABLE } from './rules/index.js';
import { World } from './world.js';

/**
 * Every finding of the rules that the persona hears, in the order of files and lines. Nothing is suppressed here.
 *
 * @throws Error for a profile that does not exist
 */
export function lintObjects(objects: ObjectSet, options: LintOptions = {}): LocatedFinding[] {
  const settings = settingsOf(options);
  const rules = chosenRules(options.only);
  const places: Places = {
    placeOf: (object, path) => objects.placeOf(object, path),
    fleetPlaceOf: (object, path) => options.origin?.(object, path, objects.entryOf(object).source.file),
  };
  const found: LocatedFinding[] = [];
  for (const environment of environmentsOf(objects)) {
    const world = new World(environment, settings);
    for (const rule of rules)
      for (const report of rule.check(world))
        if (hears(settings.persona, report.persona ?? rule.persona)) found.push(findingOf(rule, report, places));
  }
  return withoutRepeats(found).sort(inFileOrder);
}

/** Documents that could not be read, as findings. */
export function unreadableFindings(errors: readonly ObjectsError[]): LocatedFinding[] {
  return errors.map(({ source, problem }) => ruleFinding(UNREADABLE, problem, source.file, source.line));
}

/** A finding of the linter itself, which belongs to no object. */
export function ruleFinding(rule: Rule, message: string, file: string, line: number, column = 1, endColumn = column): LocatedFinding {
  const { code, name, severity, persona, fix } = rule;
  const fingerprint = fingerprintOf(code, file, message);
  return {
    code,
    name,
    severity,
    persona,
    message,
    fix,
    object: '',
    path: '',
    file,
    line,
    column,
    endColumn,
    related: [],
    fingerprint,
    edits: [],
  };
}

/** Whether who asked for one persona hears what is meant for another. */
export const hears = (asked: Persona, meant: Persona): boolean => PERSONAS.indexOf(meant) <= PERSONAS.indexOf(asked);

/** Whether a rule may find more with another profile than with the default one. */
export const profileDependent = (code: string): boolean => PROFILE_RULES.has(code);

const PROFILE_RULES: ReadonlySet<string> = new Set(['SMT-C006', 'SMT-C032', 'SMT-C039', 'SMT-C040', 'SMT-C041']);

/** A rule by its code or name. */
export function ruleOf(text: string): Rule | undefined {
  const wanted = text.toLowerCase();
  return RULES.find(({ code, name }) => code.toLowerCase() === wanted || name === wanted);
}

function chosenRules(only: readonly string[] | undefined): readonly Rule[] {
  if (only === undefined || only.length === 0) return RULES;
  const chosen = new Set(only.map(ruleOf));
  return RULES.filter(rule => chosen.has(rule));
}

/** What all environments have in common is judged in each. */
function withoutRepeats(findings: readonly LocatedFinding[]): LocatedFinding[] {
  return [
    ...new Map(findings.map(finding => [`${finding.fingerprint} ${finding.file}:${finding.line}:${finding.column}`, finding])).values(),
  ];
}

export function inFileOrder(a: Finding, b: Finding): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  if (a.line !== b.line) return a.line - b.line;
  const bySeverity = SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
  if (bySeverity !== 0) return bySeverity;
  return a.code === b.code ? a.column - b.column : a.code < b.code ? -1 : 1;
}
