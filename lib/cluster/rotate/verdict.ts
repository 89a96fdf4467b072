import type { RotationFacts } from './facts.js';

/**
 * `done`. `now`: it may be done. `waits`: for what others do, see `evidence`. `blocked`: somebody has to mend something first, see
 * `next`. `later`: one before it is not done.
 */
export type StepState = 'done' | 'now' | 'waits' | 'blocked' | 'later';

export interface StepOptions {
  /** How long the kubelet and the processes get for a change that nobody can look at, in seconds. */
  readonly graceSeconds: number;
}

/** What one step is, by the facts alone. */
export interface Verdict {
  readonly state: StepState;
  readonly evidence?: readonly string[];
  readonly next?: string;
}

export type Judge = (facts: RotationFacts, options: StepOptions) => Verdict;

export const DONE: Verdict = { state: 'done' };

export const waits = (evidence: readonly string[]): Verdict => ({ state: 'waits', evidence });

/** To the minute. */
export const time = (milliseconds: number): string =>
  Number.isNaN(milliseconds) ? 'an unknown day' : new Date(milliseconds).toISOString().slice(0, 16).replace('T', ' ');
