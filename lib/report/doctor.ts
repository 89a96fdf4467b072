import type { Outcome, Section, SnapshotHeader } from '../cluster/index.js';
import { printableLine } from './printable.js';

const MARKS = { ok: '√', warning: '‼', error: '×', skipped: '-' } as const;
/** Places of one failure that are shown; the rest is counted, and in the JSON. */
const MOST_PLACES = 10;

/** Checks by section, each a line; below a failure what was seen, why it matters and what comes next. */
export function formatDoctor(outcomes: readonly Outcome[], header: SnapshotHeader): string {
  const sections = [...new Set(outcomes.map(({ check }) => check.section))];
  const place = `context ${printableLine(header.context)}, Kubernetes ${printableLine(header.kubernetes || 'unknown')}, ${printableLine(header.takenAt)}`;
  return `${[place, ...sections.flatMap(section => sectionLines(section, outcomes)), '', summary(outcomes)].join('\n')}\n`;
}

function sectionLines(section: Section, outcomes: readonly Outcome[]): string[] {
  return ['', section, '-'.repeat(section.length), ...outcomes.filter(({ check }) => check.section === section).flatMap(lines)];
}

function lines({ check, result, troubles, reason }: Outcome): string[] {
  const first = `${MARKS[result]} ${check.title}`;
  if (result === 'ok') return [first];
  if (result === 'skipped') return [`${first}: not looked at`, `    ${printableLine(reason ?? '')}`];
  const shown = troubles.slice(0, MOST_PLACES);
  // many places have the same answer; it is given once
  const next = [...new Set(troubles.map(trouble => trouble.next ?? check.next))];
  return [
    `${first}  [${check.code} ${check.name}]`,
    ...shown.map(({ object, evidence }) => `    ${object === '' ? '' : `${printableLine(object)}: `}${printableLine(evidence)}`),
    ...(troubles.length > shown.length ? [`    and ${troubles.length - shown.length} more; --format json has all`] : []),
    `    why:  ${check.why}`,
    ...next.slice(0, 3).map(text => `    next: ${printableLine(text)}`),
  ];
}

function summary(outcomes: readonly Outcome[]): string {
  const count = (result: Outcome['result']): number => outcomes.filter(outcome => outcome.result === result).length;
  const skipped = count('skipped');
  return `${count('ok')} fine, ${count('warning')} warnings, ${count('error')} errors${skipped > 0 ? `, ${skipped} not looked at` : ''}`;
}

export function doctorJson(outcomes: readonly Outcome[], { context, kubernetes, takenAt }: SnapshotHeader): object {
  return {
    schemaVersion: 1,
    context,
    kubernetes,
    takenAt,
    checks: outcomes.map(({ check, result, troubles, reason }) => ({
      code: check.code,
      name: check.name,
      section: check.section,
      title: check.title,
      result,
      ...(result === 'ok' ? {} : { why: check.why, next: check.next }),
      ...(reason === undefined ? {} : { reason }),
      troubles: troubles.map(trouble => ({ ...trouble, level: trouble.level ?? check.level })),
    })),
  };
}
