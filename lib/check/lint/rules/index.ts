import type { Rule } from '../rule.js';
import { leafOutlivesCa } from './c001-leaf-outlives-ca.js';
import { renewalStorm } from './c002-renewal-storm.js';
import { usagesDoNotFit } from './c003-usages-do-not-fit.js';
import { caOnWorkload } from './c004-ca-on-workload.js';
import { caWithoutNameConstraints } from './c005-ca-without-name-constraints.js';
import { keyBelowProfile } from './c006-key-below-profile.js';
import { keyNeverRotates } from './c007-key-never-rotates.js';
import { wildcardInInternalCertificate } from './c008-wildcard-in-internal-certificate.js';
import { clientWithoutUri } from './c009-client-without-uri.js';
import { sharedIdentity } from './c010-shared-identity.js';
import { keySharedByWorkloads } from './c011-key-shared-by-workloads.js';
import { secretWrittenTwice } from './c012-secret-written-twice.js';
import { issuerNotFound } from './c013-issuer-not-found.js';
import { trustFromLeafSecret } from './c014-trust-from-leaf-secret.js';
import { bundleHoldsIntermediate } from './c015-bundle-holds-intermediate.js';
import { bundleWithoutOverlap } from './c016-bundle-without-overlap.js';
import { caKeyBesideWorkloads } from './c017-ca-key-beside-workloads.js';
import { issuerWithoutRequestPolicy } from './c018-issuer-without-request-policy.js';
import { workloadMayRequestCertificates } from './c019-workload-may-request-certificates.js';
import { acmeForInternalUse } from './c020-acme-for-internal-use.js';
import { vaultRoleTooWide } from './c021-vault-role-too-wide.js';
import { mountedBySubpath } from './c022-mounted-by-subpath.js';
import { keyReadableByOthers } from './c023-key-readable-by-others.js';
import { certificateInEnvironment } from './c024-certificate-in-environment.js';
import { noReloadPath } from './c025-no-reload-path.js';
import { probeOnMtlsPort } from './c026-probe-on-mtls-port.js';
import { verificationDisabled } from './c027-verification-disabled.js';
import { systemRootsTrusted } from './c028-system-roots-trusted.js';
import { namesMatchNoService } from './c029-names-match-no-service.js';
import { tooFewRetries } from './c030-too-few-retries.js';
import { renewedAllAtOnce } from './c031-renewed-all-at-once.js';
import { tlsVersionBelowProfile } from './c032-tls-version-below-profile.js';
import { groupNotAvailable } from './c033-group-not-available.js';
import { certificateWithoutAlert } from './c034-certificate-without-alert.js';
import { rotationLeftOpen } from './c035-rotation-left-open.js';
import { expiredSuppression } from './c037-expired-suppression.js';
import { podCertificateTooNew } from './c038-pod-certificate-too-new.js';
import { lifetimeOverProfile } from './c039-lifetime-over-profile.js';
import { classicalKeyPastDeadline } from './c040-classical-key-past-deadline.js';
import { signatureBelowProfile } from './c041-signature-below-profile.js';
import { malformedDnsName } from './m001-malformed-dns-name.js';
import { malformedUri } from './m002-malformed-uri.js';
import { commonNameNotInNames } from './m003-common-name-not-in-names.js';
import { commonNameOnly } from './m004-common-name-only.js';
import { subjectTooLong } from './m005-subject-too-long.js';
import { noExtendedUsage } from './m006-no-extended-usage.js';
import { leafMaySign } from './m007-leaf-may-sign.js';
import { caWithExtendedUsage } from './m008-ca-with-extended-usage.js';
import { secretOfOwnIssuer } from './m009-secret-of-own-issuer.js';
import { secretKeptByAnother } from './m010-secret-kept-by-another.js';
import { removedApiVersion } from './m011-removed-api-version.js';
import { clusterIssuerSecretElsewhere } from './m012-cluster-issuer-secret-elsewhere.js';
import { issuerSecretIsNoCa } from './m013-issuer-secret-is-no-ca.js';
import { selfSignedWithoutSubject } from './m014-self-signed-without-subject.js';
import { vaultStaticToken } from './m015-vault-static-token.js';
import { tokenNotGranted } from './m016-token-not-granted.js';
import { vaultPathDialect } from './m017-vault-path-dialect.js';
import { vaultPathNotSign } from './m018-vault-path-not-sign.js';
import { issuerWithoutTls } from './m019-issuer-without-tls.js';
import { acmeDurationIgnored } from './m021-acme-duration-ignored.js';
import { acmeHasNoCaCrt } from './m022-acme-has-no-ca-crt.js';
import { weakKeystore } from './m023-weak-keystore.js';
import { keystorePasswordInManifest } from './m024-keystore-password-in-manifest.js';
import { bundleSourceElsewhere } from './m025-bundle-source-elsewhere.js';
import { bundleWithoutNamespaces } from './m026-bundle-without-namespaces.js';
import { bundleHoldsBadCertificate } from './m027-bundle-holds-bad-certificate.js';
import { requestPolicyNotBound } from './m029-request-policy-not-bound.js';
import { requestPolicyTooWide } from './m030-request-policy-too-wide.js';
import { nameOutsideConstraints } from './m031-name-outside-constraints.js';
import { knownBadVersion } from './m032-known-bad-version.js';
import { twoInstallations } from './m033-two-installations.js';
import { renewalDisabled } from './m034-renewal-disabled.js';
import { csiAttributes } from './m035-csi-attributes.js';
import { ingressAnnotations } from './m036-ingress-annotations.js';
import { publicLifetimeShrinks } from './m037-public-lifetime-shrinks.js';
import { vaultBlockedByPolicy } from './m039-vault-blocked-by-policy.js';
import { podNotIsolated } from './n001-pod-not-isolated.js';
import { policyTypesMismatch } from './n002-policy-types-mismatch.js';
import { emptyListAllowsAll } from './n003-empty-list-allows-all.js';
import { selectorTakesEverything } from './n004-selector-takes-everything.js';
import { peersAreAlternatives } from './n005-peers-are-alternatives.js';
import { servicePortInPolicy } from './n009-service-port-in-policy.js';
import { clusterIpBlock } from './n010-cluster-ip-block.js';
import { namedPortUnknown } from './n011-named-port-unknown.js';
import { portRange } from './n012-port-range.js';
import { protocolLeftOut } from './n013-protocol-left-out.js';
import { dnsHalfOpen } from './n014-dns-half-open.js';
import { nodeLocalDns } from './n015-node-local-dns.js';
import { dnsToAnywhere } from './n016-dns-to-anywhere.js';
import { dnsServerIsolated } from './n017-dns-server-isolated.js';
import { hostNetwork } from './n018-host-network.js';
import { webhookUnreachable } from './n025-webhook-unreachable.js';
import { namespaceLabelNotReserved } from './n028-namespace-label-not-reserved.js';
import { selectorTakesSeveral } from './n030-selector-takes-several.js';
import { selectorTakesNothing } from './n031-selector-takes-nothing.js';
import { oneAddressFamily } from './n040-one-address-family.js';
import { addressRange } from './n041-address-range.js';
import { adminPolicyPresent } from './n043-admin-policy-present.js';
import { meshPortClosed } from './n044-mesh-port-closed.js';
import { namespaceLeftOut } from './n045-namespace-left-out.js';
import { refusedByApiServer } from './s001-refused-by-api-server.js';
import { newerThanCertManager } from './s002-newer-than-cert-manager.js';
import { unreadableDocument } from './x001-unreadable-document.js';
import { suppressionWithoutReason } from './x002-suppression-without-reason.js';
import { unusedSuppression } from './x003-unused-suppression.js';

/** All rules, in the order of their codes. */
export const RULES: readonly Rule[] = [
  leafOutlivesCa,
  renewalStorm,
  usagesDoNotFit,
  caOnWorkload,
  caWithoutNameConstraints,
  keyBelowProfile,
  keyNeverRotates,
  wildcardInInternalCertificate,
  clientWithoutUri,
  sharedIdentity,
  keySharedByWorkloads,
  secretWrittenTwice,
  issuerNotFound,
  trustFromLeafSecret,
  bundleHoldsIntermediate,
  bundleWithoutOverlap,
  caKeyBesideWorkloads,
  issuerWithoutRequestPolicy,
  workloadMayRequestCertificates,
  acmeForInternalUse,
  vaultRoleTooWide,
  mountedBySubpath,
  keyReadableByOthers,
  certificateInEnvironment,
  noReloadPath,
  probeOnMtlsPort,
  verificationDisabled,
  systemRootsTrusted,
  namesMatchNoService,
  tooFewRetries,
  renewedAllAtOnce,
  tlsVersionBelowProfile,
  groupNotAvailable,
  certificateWithoutAlert,
  rotationLeftOpen,
  expiredSuppression,
  podCertificateTooNew,
  lifetimeOverProfile,
  classicalKeyPastDeadline,
  signatureBelowProfile,
  malformedDnsName,
  malformedUri,
  commonNameNotInNames,
  commonNameOnly,
  subjectTooLong,
  noExtendedUsage,
  leafMaySign,
  caWithExtendedUsage,
  secretOfOwnIssuer,
  secretKeptByAnother,
  removedApiVersion,
  clusterIssuerSecretElsewhere,
  issuerSecretIsNoCa,
  selfSignedWithoutSubject,
  vaultStaticToken,
  tokenNotGranted,
  vaultPathDialect,
  vaultPathNotSign,
  issuerWithoutTls,
  acmeDurationIgnored,
  acmeHasNoCaCrt,
  weakKeystore,
  keystorePasswordInManifest,
  bundleSourceElsewhere,
  bundleWithoutNamespaces,
  bundleHoldsBadCertificate,
  requestPolicyNotBound,
  requestPolicyTooWide,
  nameOutsideConstraints,
  knownBadVersion,
  twoInstallations,
  renewalDisabled,
  csiAttributes,
  ingressAnnotations,
  publicLifetimeShrinks,
  vaultBlockedByPolicy,
  podNotIsolated,
  policyTypesMismatch,
  emptyListAllowsAll,
  selectorTakesEverything,
  peersAreAlternatives,
  servicePortInPolicy,
  clusterIpBlock,
  namedPortUnknown,
  portRange,
  protocolLeftOut,
  dnsHalfOpen,
  nodeLocalDns,
  dnsToAnywhere,
  dnsServerIsolated,
  hostNetwork,
  webhookUnreachable,
  namespaceLabelNotReserved,
  selectorTakesSeveral,
  selectorTakesNothing,
  oneAddressFamily,
  addressRange,
  adminPolicyPresent,
  meshPortClosed,
  namespaceLeftOut,
  refusedByApiServer,
  newerThanCertManager,
  unreadableDocument,
  suppressionWithoutReason,
  unusedSuppression,
];

export { unreadableDocument as UNREADABLE } from './x001-unreadable-document.js';
