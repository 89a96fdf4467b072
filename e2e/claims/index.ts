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

/**
 * A run goes through stages one after the other. In a stage there are lanes, side by side, for a machine is idle half of
 * the time while things start and settle. No claim of a lane touches what is another's; beside load there is nothing but
 * waiting, and what costs or kills is alone.
 */
export const STAGES: readonly (readonly (readonly Claim[])[])[] = [
  // gitops makes and removes the namespaces of every fleet; the pods of matrix want addresses in a row
  [[gitops, certificates], [matrix]],
  [[alerts], [authorities, graphs]],
  [[apply, helm, calls, rotation, healing, issuance, cost, scale]],
];

export const CLAIMS: readonly Claim[] = STAGES.flat(2);
