import type { ServicePlan } from '../../fleet/plan.js';

/** The policy that the fleet renders for a service. */
export const networkPolicyOf = (service: ServicePlan): string => `NetworkPolicy ${service.namespace}/${service.name}-mtls-only`;
