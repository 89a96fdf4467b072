import { type Change, type EnvironmentDifference, type FieldChange, isFlagged, SECTIONS, type Section } from '../check/diff/index.js';

export interface DifferenceOptions {
  /** List every change; else those that need no reviewer are counted where they are many. */
  readonly all?: boolean;
}

export const TITLES: Readonly<Record<Section, string>> = {
  calls: 'calls over mutual TLS',
  network: 'network',
  ports: 'processes and their ports',
  authorities: 'authorities and roots',
  identities: 'identities',
  requestPolicies: 'request policies',
  permissions: 'permissions',
  certificates: 'certificates',
  workloads: 'workloads',
  services: 'services and accounts',
  monitoring: 'monitoring',
  other: 'other objects and fields',
  files: 'other files',
};

/** By which fields something that came or went is told; where none is there, by its first. The rest is counted. */
const MAIN: Partial<Record<Section, RegExp>> = {
  calls: /^(?:mode|known to|network)/,
  ports: /^(?:mode|identity|port)/,
  authorities: /^(?:lifetime|issuer|key algorithm|key size|common name|roots|ca|selfSigned|vault\.(?:server|path)|acme\.server)\b/,
  identities: /^(?:SPIFFE IDs|other URIs|DNS names|IP addresses|e-mail)/,
  requestPolicies: /^(?:allowed\.(?:uris|dnsNames)\.values|allowed\.isCA|selector\.(?:issuerRef|namespace))\b/,
  certificates: /^(?:lifetime|issuer|usages|key algorithm|key size)$/,
  workloads: /^(?:replicas|.*\.image|pod hostNetwork)$/,
  services: /^ports.*\.port$/,
  monitoring: /^(?!)/,
  other: /^(?!)/,
};

/** Unflagged changes of one section that are listed one by one. */
const LISTED = 8;

export interface Line {
  readonly sign: '+' | '-' | '~';
  readonly flagged: boolean;
  /** One subject, or all of those that changed in the same way. */
  readonly subjects: readonly string[];
  /** What changed about it, most important first. */
  readonly details: readonly string[];
}

export interface SectionLines {
  readonly title: string;
  readonly lines: readonly Line[];
  /** Changes that no line tells: none of them is flagged. */
  readonly left: number;
}

/** The changes of an environment as lines of words; equal changes of several subjects are one line. */
export function sectionsOf({ changes }: EnvironmentDifference, { all = false }: DifferenceOptions): readonly SectionLines[] {
  return SECTIONS.flatMap(section => {
    const lines = grouped(
      changes.filter(change => change.section === section),
      all,
    );
    if (lines.length === 0) return [];
    const quiet = lines.filter(({ flagged }) => !flagged);
    const cut = all || quiet.length <= LISTED ? new Set<Line>() : new Set(quiet.slice(LISTED - 1));
    const left = [...cut].reduce((sum, { subjects }) => sum + subjects.length, 0);
    return [{ title: TITLES[section], lines: lines.filter(line => !cut.has(line)), left }];
  });
}

function grouped(changes: readonly Change[], all: boolean): readonly Line[] {
  const lines = new Map<string, { readonly change: Change; readonly subjects: string[] }>();
  for (const change of changes) {
    // what came or went is told one by one
    const key = change.change === 'changed' ? JSON.stringify(change.fields) : `${change.change} ${change.subject}`;
    const line = lines.get(key);
    if (line) line.subjects.push(change.subject);
    else lines.set(key, { change, subjects: [change.subject] });
  }
  return [...lines.values()].map(({ change, subjects }) => ({
    sign: change.change === 'added' ? '+' : change.change === 'removed' ? '-' : '~',
    flagged: isFlagged(change),
    subjects,
    details: change.change === 'changed' ? change.fields.map(changedField) : wholeDetails(change, all),
  }));
}

function changedField(field: FieldChange): string {
  const mark = field.effect === 'none' ? '' : ` (${field.effect})`;
  if ('added' in field) {
    const parts = [...field.removed.map(item => `without ${item}`), ...field.added.map(item => `with ${item}`)];
    return `${field.field} ${parts.join(', ')}${mark}`;
  }
  const { old = 'nothing', new: now = 'nothing' } = field;
  return old === now ? `${field.field} changed${mark}` : `${field.field} ${old} → ${now}${mark}`;
}

/** Of something that came or went: what it holds. */
function wholeDetails({ section, fields, effect }: Change, all: boolean): readonly string[] {
  const main = all ? undefined : MAIN[section];
  const told = fields.filter(({ field, effect: own }) => main?.test(field) !== false || own !== 'none');
  // something that needs a reviewer is never told by its name alone
  const shown = told.length === 0 && section !== 'monitoring' && isFlagged({ effect }) ? fields.slice(0, 4) : told;
  const left = fields.length - shown.length;
  return [...shown.flatMap(wholeField), ...(left > 0 && shown.length > 0 ? [`and ${left} more`] : [])];
}

function wholeField(field: FieldChange): readonly string[] {
  if ('added' in field) {
    const items = [...field.added, ...field.removed];
    return items.length === 0 ? [] : [`${field.field} ${items.join(', ')}`];
  }
  return [`${field.field} ${field.new ?? field.old ?? ''}`];
}

/** `prod: 4 differences, 2 to review`. */
export function headline({ environment, change, changes }: EnvironmentDifference): string {
  const flagged = changes.filter(isFlagged);
  const weaker = flagged.filter(({ effect }) => effect === 'weaker').length;
  const counts = [
    count(changes.length, 'difference'),
    ...(weaker > 0 ? [`${weaker} ${weaker === 1 ? 'allows' : 'allow'} more than before`] : []),
    ...(flagged.length > weaker ? [`${flagged.length - weaker} to review`] : []),
  ];
  const came = change === 'changed' ? '' : ` (environment ${change})`;
  return `${environment}${came}: ${counts.join(', ')}`;
}

export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
