import type { Living } from '../state/index.js';

export const SECTIONS = [
  'access',
  'installation',
  'issuers',
  'requests',
  'certificates',
  'trust',
  'workloads',
  'network',
  'rights',
  'monitoring',
] as const;
export type Section = (typeof SECTIONS)[number];

/** `error`: it is broken or open. `warning`: it will be, once something usual happens, or it can't be told. */
export type Level = 'error' | 'warning';

/** One place where a failure mode was seen. */
export interface Trouble {
  /** `Certificate shop/orders-tls`; empty for the cluster as a whole. */
  readonly object: string;
  /** What was seen there: names, times, the server's words; never a secret. */
  readonly evidence: string;
  /** What to do here, when it is more exact than what the check says. */
  readonly next?: string;
  readonly level?: Level;
}

/** One failure mode of a living cluster. */
export interface Check {
  /** Stable for ever: `SMT-D` and the number of the failure mode in docs/doctor.md; from 101 those that are not in that list. */
  readonly code: string;
  /** Kebab name of the failure. */
  readonly name: string;
  readonly section: Section;
  readonly level: Level;
  /** What holds where nothing is found, as the line of the report. */
  readonly title: string;
  /** What happens when nobody mends it. */
  readonly why: string;
  /** The next command, or what to do. */
  readonly next: string;
  /** Resources without which nothing can be said, as in `Resource.name`. */
  readonly needs: readonly string[];
  /** Whether it says something before anything is installed. */
  readonly preflight?: boolean;
  find(living: Living): Iterable<Trouble>;
}

/** A check, and what came of it. `skipped`: something that it needs could not be read. */
export interface Outcome {
  readonly check: Check;
  readonly result: 'ok' | Level | 'skipped';
  readonly troubles: readonly Trouble[];
  /** Of `skipped`: what could not be read, and why. */
  readonly reason?: string;
}

/** Resources by short names. */
export const NEEDS = {
  certificates: 'certificates.cert-manager.io',
  requests: 'certificaterequests.cert-manager.io',
  issuers: 'issuers.cert-manager.io',
  clusterIssuers: 'clusterissuers.cert-manager.io',
  orders: 'orders.acme.cert-manager.io',
  bundles: 'bundles.trust.cert-manager.io',
  requestPolicies: 'certificaterequestpolicies.policy.cert-manager.io',
  definitions: 'customresourcedefinitions.apiextensions.k8s.io',
  secrets: 'secrets',
  pods: 'pods',
  namespaces: 'namespaces',
  configMaps: 'configmaps',
  services: 'services',
  slices: 'endpointslices.discovery.k8s.io',
  deployments: 'deployments.apps',
  statefulSets: 'statefulsets.apps',
  daemonSets: 'daemonsets.apps',
  policies: 'networkpolicies.networking.k8s.io',
  roles: 'roles.rbac.authorization.k8s.io',
  bindings: 'rolebindings.rbac.authorization.k8s.io',
  clusterRoles: 'clusterroles.rbac.authorization.k8s.io',
  clusterBindings: 'clusterrolebindings.rbac.authorization.k8s.io',
  validating: 'validatingwebhookconfigurations.admissionregistration.k8s.io',
  mutating: 'mutatingwebhookconfigurations.admissionregistration.k8s.io',
  csiDrivers: 'csidrivers.storage.k8s.io',
  requestEvents: 'events/requests',
  certificateEvents: 'events/certificates',
  mountEvents: 'events/mounts',
} as const;
