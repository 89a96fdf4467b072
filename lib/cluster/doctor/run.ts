import type { Gap } from '../snapshot/index.js';
import type { Living } from '../state/index.js';
import { type Check, type Outcome, SECTIONS } from './check.js';
import { CHECKS } from './checks/index.js';

export interface DoctorOptions {
  /** Only what can be said before anything is installed. @default false */
  readonly preflight?: boolean;
}

/** Every check in the order of the sections. One that fails to run is an error of this program, and ends it. */
export function examine(living: Living, options: DoctorOptions = {}): Outcome[] {
  const checks = CHECKS.filter(check => options.preflight !== true || check.preflight === true);
  const inOrder = [...checks].sort((a, b) => SECTIONS.indexOf(a.section) - SECTIONS.indexOf(b.section));
  return inOrder.map(check => outcomeOf(check, living));
}

function outcomeOf(check: Check, living: Living): Outcome {
  const gap = check.needs.map(need => living.gapOf(need)).find(found => found !== undefined && !isHarmless(found));
  if (gap !== undefined) return { check, result: 'skipped', troubles: [], reason: reasonOf(gap) };
  const troubles = [...check.find(living)];
  if (troubles.length === 0) return { check, result: 'ok', troubles };
  const isError = troubles.some(({ level }) => (level ?? check.level) === 'error');
  return { check, result: isError ? 'error' : 'warning', troubles };
}

/** A resource that the cluster does not know has no objects: nothing is hidden. */
const isHarmless = ({ reason }: Gap): boolean => reason === 'absent';

const reasonOf = ({ resource, namespace, reason, message }: Gap): string =>
  `${resource}${namespace === undefined ? '' : ` in ${namespace}`} ${reason === 'forbidden' ? 'may not be read' : 'could not be read'}: ${message}`;
