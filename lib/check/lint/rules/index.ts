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
import { unreadableDocument } from './x001-unreadable-document.js';

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
  unreadableDocument,
];

export { unreadableDocument as UNREADABLE } from './x001-unreadable-document.js';
