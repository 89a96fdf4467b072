import type { ObjectSet, ObjectsError } from '../../objects/index.js';
import { type Finding, findingOf, fingerprintOf, type LocatedFinding, type Places } from './finding.js';
import { type LintOptions, settingsOf } from './options.js';
import { PERSONAS, type Persona, type Rule, SEVERITIES } from './rule.js';
import { RULES, UNREADABLE } from './rules/index.js';
import { World } from './world.js';

/** Every finding of the rules, in the order of files and lines. Nothing is suppressed here. */
export function lintObjects(objects: ObjectSet, options: LintOptions = {}): LocatedFinding[] {
  const settings = settingsOf(options);
  const world = new World(objects, settings);
  const places: Places = {
    placeOf: (object, path) => objects.placeOf(object, path),
    fleetPlaceOf: (object, path) => options.origin?.(object, path),
  };
  const found: LocatedFinding[] = [];
  for (const rule of chosenRules(options.only)) {
    for (const report of rule.check(world))
      if (hears(settings.persona, report.persona ?? rule.persona)) found.push(findingOf(rule, report, places));
  }
  return found.sort(inFileOrder);
}

/** Documents that could not be read, as findings. */
export function unreadableFindings(errors: readonly ObjectsError[]): LocatedFinding[] {
  const { code, name, severity, persona, fix } = UNREADABLE;
  return errors.map(({ source, problem }) => ({
    code,
    name,
    severity,
    persona,
    message: problem,
    fix,
    object: '',
    path: '',
    file: source.file,
    line: source.line,
    column: 1,
    endColumn: 1,
    related: [],
    fingerprint: fingerprintOf(code, source.file, problem),
    edits: [],
  }));
}

/** Whether who asked for one persona hears what is meant for another. */
export const hears = (asked: Persona, meant: Persona): boolean => PERSONAS.indexOf(meant) <= PERSONAS.indexOf(asked);

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

export function inFileOrder(a: Finding, b: Finding): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  if (a.line !== b.line) return a.line - b.line;
  const bySeverity = SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
  return bySeverity !== 0 ? bySeverity : a.code < b.code ? -1 : a.code > b.code ? 1 : a.column - b.column;
}
