import type { Plan, ServicePlan } from '../../fleet/plan.js';
import { renewalWindow, type Thresholds } from './thresholds.js';

/** How time runs in the rule tests: fine enough for the fleet's renewal window, coarse enough to finish in seconds. */
export interface TestClock {
  /** Between two evaluations of the rules. */
  readonly stepSeconds: number;
  /** Between two samples of a counter, so that there are several in the half hour that a rule looks back. */
  readonly sampleSeconds: number;
  /** The service whose certificate plays the main part: the one with the longest renewal window. */
  readonly service: ServicePlan;
  /** Its renewal window, at least 20 steps. */
  readonly windowSeconds: number;
}

export function testClock(plan: Plan, limits: Thresholds): TestClock | undefined {
  let service: ServicePlan | undefined;
  let longest = 0;
  for (const candidate of plan.services) {
    const window = renewalWindow(candidate.certificate);
    if (window > longest) [service, longest] = [candidate, window];
  }
  if (!service) return undefined;
  // 60 steps a window and 1,000 a leaf's life take promtool a few seconds.
  const wanted = Math.max(60, longest / 60, limits.leafCycleSeconds / 1_000);
  const stepSeconds = Math.ceil(wanted / 60) * 60;
  return {
    stepSeconds,
    // A divisor of the step, so that there is a sample at each evaluation.
    sampleSeconds: stepSeconds % 300 === 0 ? 300 : 60,
    service,
    windowSeconds: Math.max(Math.ceil(longest / 60) * 60, 20 * stepSeconds),
  };
}
