/** Names that constructs write and checkers look for. */

/** Label on every object and pod of a fleet; selectors rest on it. */
export const FLEET_LABEL = 'sentinel-mtls.io/fleet';

/** ConfigMap that holds a service's policy.json. */
export const policyConfigMapName = (service: { readonly name: string }): string => `${service.name}-mtls-policy`;
