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
  unreadableDocument,
];

export { unreadableDocument as UNREADABLE } from './x001-unreadable-document.js';
