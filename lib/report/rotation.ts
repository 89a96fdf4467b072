import type { Progress, Rotation, RotationStep, StepState } from '../cluster/index.js';
import { printableLine } from './printable.js';

const MARKS: Readonly<Record<StepState, string>> = { done: '√', now: '→', waits: '…', blocked: '×', later: ' ' };
/** Lines of evidence of one step; a fleet has thousands of certificates. */
const MOST_LINES = 10;

/** Every step, with what was seen of those that are not done. */
export function formatRotation({ fleet, state, steps }: Rotation): string {
  const head = {
    idle: `fleet ${printableLine(fleet)}: no rotation is under way`,
    'under-way': `fleet ${printableLine(fleet)}: a rotation of the CA is under way`,
    ready: `fleet ${printableLine(fleet)}: the old root may be taken away`,
    completed: `fleet ${printableLine(fleet)}: the rotation is complete`,
  }[state];
  return `${[head, ...steps.flatMap(stepLines)].join('\n')}\n`;
}

export function stepLines({ title, state, evidence, next }: RotationStep): string[] {
  return [
    `${MARKS[state]} ${printableLine(title)}`,
    ...evidence.slice(0, MOST_LINES).map(line => `    ${printableLine(line)}`),
    ...(evidence.length > MOST_LINES ? [`    and ${evidence.length - MOST_LINES} more`] : []),
    ...(next === undefined ? [] : [`    next: ${printableLine(next)}`]),
  ];
}

export const rotationJson = (rotation: Rotation | Progress): object => ({ schemaVersion: 1, ...rotation });
