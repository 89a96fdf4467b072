import type { Api } from './api.js';
import type { Kubectl } from './kubectl.js';
import type { RunningFleet } from './running-fleet.js';

/** One comparison with the running cluster. */
export interface Check {
  readonly what: string;
  readonly ok: boolean;
  /** What was found, where it is not what was expected. */
  readonly found?: string;
  /** A figure that was measured on the way, for the table and e2e/results.json. */
  readonly figure?: string;
}

export interface Context {
  readonly kubectl: Kubectl;
  readonly api: Api;
  readonly helm: string;
  readonly fleet: RunningFleet;
  /** A folder for this run's files. */
  readonly work: string;
  readonly note: (line: string) => void;
}

/** A row of the table: something that the project says, and how the cluster is asked whether it is so. */
export interface Claim {
  /** One word, for the command line. */
  readonly name: string;
  readonly says: string;
  /** Left out of a run of all. @default false */
  readonly onlyByName?: boolean;
  /** It is about Sentinel's dev with its pods running, and leaves that as it found it but for policies and certificates. @default false */
  readonly onRunningFleet?: boolean;
  /** What `plant` breaks. */
  readonly fault: string;
  /** A failed check that only the planted fault explains: its text must match. */
  readonly faultShows: RegExp;
  /** Leaves the cluster as it found it. With `plant` the fault is in place before anything is compared. */
  check(context: Context, plant: boolean): Promise<Check[]>;
}

/** A check of equality; the texts of both sides are given when they differ. */
export function same(what: string, found: unknown, expected: unknown): Check {
  const [left, right] = [JSON.stringify(found), JSON.stringify(expected)];
  return left === right ? { what, ok: true } : { what, ok: false, found: `found ${left}, expected ${right}` };
}

export const holds = (what: string, ok: boolean, found: string): Check => (ok ? { what, ok } : { what, ok, found });
