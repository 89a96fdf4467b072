import { FLEET_LABEL, policyConfigMapName } from '../fleet/names.js';
import type { Plan, ServicePlan } from '../fleet/plan.js';

export { FLEET_LABEL, policyConfigMapName };

/**
 * Every name and label that users and other tools rely on. A name is part of the contract: change it and
 * an upgrade replaces the object.
 */

export const PART_OF_LABEL = 'app.kubernetes.io/part-of';
export const NAME_LABEL = 'app.kubernetes.io/name';
export const MANAGED_BY = 'sentinel-mtls';

/** Set by the API server on every namespace, so that nobody can forge it with a label of his own. */
export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';

/** The ServiceAccount under which cert-manager's chart runs its controller. */
export const CERT_MANAGER_SERVICE_ACCOUNT = 'cert-manager';

/** The label that marks the fleet's own pods. */
export function fleetSelector(plan: { readonly fleet: string }): Record<string, string> {
  return { [FLEET_LABEL]: plan.fleet };
}

/** Labels of the objects that belong to the fleet as a whole. */
export function fleetLabels(plan: Plan): Record<string, string> {
  return { [NAME_LABEL]: plan.fleet, ...plan.labels, ...fleetSelector(plan) };
}

const labelsOf = new WeakMap<ServicePlan, Readonly<Record<string, string>>>();

/** Labels of the objects of one service: made once, though half a dozen objects carry them. */
export function serviceLabels(plan: Plan, service: ServicePlan): Readonly<Record<string, string>> {
  const known = labelsOf.get(service);
  if (known !== undefined) return known;
  // Identity last: a label that a person wrote must not take a pod out of its own policies.
  const labels = Object.assign<Record<string, string>, ServicePlan['labels']>({ ...plan.labels }, service.labels);
  labels[NAME_LABEL] = service.name;
  labels[FLEET_LABEL] = plan.fleet;
  labelsOf.set(service, labels);
  return labels;
}

export const networkPolicyName = (service: { readonly name: string }): string => `${service.name}-mtls-only`;
export const defaultDenyName = (plan: { readonly fleet: string }): string => `${plan.fleet}-default-deny`;
export const requestPolicyName = (
  plan: { readonly fleet: string },
  scope: 'service' | 'public' | 'authority' | 'others',
  name: string,
): string => `${plan.fleet}-${scope}-${name}`;

/** Listener without TLS beside a port in mode permissive; at most 15 bytes, as a container port's name must be. */
export const plainPortName = (port: number): string => `plain-${port}`;
