import type { Claim } from '../claim.js';
import { alerts } from './alerts.js';
import { apply } from './apply.js';
import { authorities } from './authorities.js';
import { calls } from './calls.js';
import { certificates } from './certificates.js';
import { cost } from './cost.js';
import { gitops } from './gitops.js';
import { graphs } from './graphs.js';
import { healing } from './healing.js';
import { helm } from './helm.js';
import { issuance } from './issuance.js';
import { matrix } from './matrix.js';
import { rotation } from './rotation.js';
import { scale } from './scale.js';

/** In the order of a run. */
export const CLAIMS: readonly Claim[] = [
  gitops,
  apply,
  helm,
  certificates,
  matrix,
  authorities,
  alerts,
  calls,
  rotation,
  healing,
  issuance,
  cost,
  graphs,
  scale,
];
