import type { Plan } from '../../fleet/plan.js';

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/** What is "late" in this fleet, in seconds, from the durations that it declares. */
export interface Thresholds {
  /** How long a condition on a renewal must hold. */
  readonly pendingSeconds: number;
  /** How long a pod may go on with the old certificate: a quarter of the shortest window, at most 15 minutes. */
  readonly servedSeconds: number;
  /** A leaf is replaced at least this often: the longest duration minus its renewBefore. */
  readonly leafCycleSeconds: number;
  /** Age of a CA from which on no leaf may be older than it. */
  readonly leafReissueSeconds: number;
}

/** Renewal is late after a quarter of its window, at most 6 h: by then cert-manager has tried at 0, 1 and 3 h. */
export const OVERDUE = { windowShare: 1 / 4, atMostSeconds: 6 * HOUR } as const;

/** Renewal has failed after a third of its window, at most 32 h: cert-manager's longest pause between two attempts. */
export const FAILED = { windowShare: 1 / 3, atMostSeconds: 32 * HOUR } as const;

/** 7 days of a 15-day window: the share at which the guide's alert fires for the guide's own certificates. */
export const EXPIRING_SOON_SHARE = { numerator: 7, denominator: 15 } as const;

/** Two thirds of the window are gone. */
export const STUCK_DIVISOR = 3;

/** A certificate that nobody renews: a sixth of its lifetime left, at most 14 days. */
export const UNMANAGED = { lifetimeDivisor: 6, atMostSeconds: 14 * DAY } as const;

export function thresholds(plan: Plan): Thresholds {
  let shortestWindow = Number.POSITIVE_INFINITY;
  let leafCycleSeconds = 0;
  for (const { certificate } of plan.services) {
    const window = renewalWindow(certificate);
    shortestWindow = Math.min(shortestWindow, window);
    leafCycleSeconds = Math.max(leafCycleSeconds, certificate.durationSeconds - window);
  }
  // A twentieth of the shortest window, in whole minutes: 1 m for 20 m, the usual 5 m from 100 m on.
  const pending = Math.floor(shortestWindow / 20 / MINUTE) * MINUTE;
  return {
    pendingSeconds: Math.min(5 * MINUTE, Math.max(MINUTE, pending)),
    // the kubelet swaps the files within two minutes, and a library takes them within one
    servedSeconds: Math.min(15 * MINUTE, Math.max(5 * MINUTE, Math.floor(shortestWindow / 4 / MINUTE) * MINUTE)),
    leafCycleSeconds,
    // A CA that keeps its key breaks no leaf at renewal: the next ordinary renewal of the leaves is soon enough.
    leafReissueSeconds: Math.min(DAY, leafCycleSeconds) + (signerKeepsKey(plan) ? leafCycleSeconds : 0),
  };
}

/** Seconds between renewal and notAfter, as cert-manager computes it: a third of the lifetime when nothing is said. */
export function renewalWindow(certificate: {
  readonly durationSeconds: number;
  readonly renewBeforeSeconds: number | undefined;
  readonly renewBeforePercentage: number | undefined;
}): number {
  const { durationSeconds, renewBeforeSeconds, renewBeforePercentage } = certificate;
  if (renewBeforeSeconds !== undefined) return renewBeforeSeconds;
  return renewBeforePercentage === undefined ? durationSeconds / 3 : (durationSeconds * renewBeforePercentage) / 100;
}

function signerKeepsKey({ authority }: Plan): boolean {
  return authority.kind === 'selfSigned' && (authority.intermediate ?? authority.root).key.rotationPolicy === 'Never';
}
