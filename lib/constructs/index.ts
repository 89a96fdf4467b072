export { podDefaults } from './_pod.js';
export { Authority, type AuthorityProps } from './authority.js';
export { CaCertificate, type CaCertificateProps, CertificateIssuer, type CertificateIssuerProps } from './ca-certificate.js';
export { addEnvironment, addFiles, addPlane, PLANES, type Plane, type PlaneProps, planeFile, planeParts } from './environment.js';
export { Identity, type IdentityProps } from './identity.js';
export { Issuance, type IssuanceProps } from './issuance.js';
export { ExistingWorkloads, type ExistingWorkloadsProps } from './kustomize-component.js';
export { Manifest, type ManifestBody, type ManifestMetadata } from './manifest.js';
export { Monitoring, type MonitoringProps } from './monitoring/index.js';
export { MtlsCertificate, type MtlsCertificateProps } from './mtls-certificate.js';
export {
  CERT_MANAGER_SERVICE_ACCOUNT,
  defaultDenyName,
  FLEET_LABEL,
  fleetLabels,
  fleetSelector,
  MANAGED_BY,
  NAME_LABEL,
  NAMESPACE_NAME_LABEL,
  networkPolicyName,
  PART_OF_LABEL,
  plainPortName,
  policyConfigMapName,
  requestPolicyName,
  serviceLabels,
} from './names.js';
export { Namespaces, type NamespacesProps } from './namespaces.js';
export { DefaultDeny, type DefaultDenyProps, Network, type NetworkProps } from './network.js';
export { type NetworkPort, NetworkRules, ServiceNetworkPolicy, type ServiceNetworkPolicyProps } from './network-policy.js';
export type {
  AutoscalingOptions,
  DisruptionBudgetOptions,
  FleetOptions,
  KubernetesServiceOptions,
  NetworkPolicyOptions,
  PodOptions,
  ServiceOptions,
  WorkloadOptions,
} from './options.js';
export { OtherIssuers, type OtherIssuersProps } from './other-issuers.js';
export { OutputFile, type OutputFileProps } from './output-file.js';
export type { Part } from './part.js';
export { MTLS_GROUP, MTLS_VOLUME } from './pod-mounts.js';
export { allowList, POLICY_FILE, Policy, PolicyConfigMap, type PolicyConfigMapProps, type PolicyProps } from './policy.js';
export { PREREQUISITES, Prerequisites, type PrerequisitesProps } from './prerequisites.js';
export { RequestPolicy, type RequestPolicyProps, type Validation } from './request-policy.js';
export { Autoscaler, DisruptionBudget, type ScalingProps } from './scaling.js';
export { Trust, TrustBundle, type TrustBundleProps, type TrustProps } from './trust.js';
export { VaultIssuer, type VaultIssuerProps } from './vault-issuer.js';
export { ServiceWorkload, type ServiceWorkloadProps, Workload, type WorkloadProps } from './workload.js';
