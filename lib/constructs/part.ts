import type { Plan, ServicePlan } from '../fleet/plan.js';

/** A stretch of a plan's services, so that a plane of thousands of them need not stand in memory as a whole. */
export interface Part {
  readonly services: readonly ServicePlan[];
  /** The last part holds, besides, what the plane has once. */
  readonly last: boolean;
}

// 50: half a megabyte of constructs, forgotten before the garbage collector has moved them twice
const PART_SIZE = 50;

/** The services of a plan in their order, at least one part. */
export function partsOf(plan: Plan, size = PART_SIZE): Part[] {
  const parts: Part[] = [];
  const { services } = plan;
  for (let start = 0; start === 0 || start < services.length; start += size)
    parts.push({ services: services.slice(start, start + size), last: start + size >= services.length });
  return parts;
}

/** All services at once. */
export const wholeOf = (plan: Plan): Part => ({ services: plan.services, last: true });
