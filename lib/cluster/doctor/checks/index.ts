import type { Check } from '../check.js';
import { ACCESS } from './access.js';
import { AUTHORITIES } from './authorities.js';
import { CERTIFICATES } from './certificates.js';
import { INSTALLATION } from './installation.js';
import { ISSUERS } from './issuers.js';
import { MONITORING } from './monitoring.js';
import { NETWORK } from './network.js';
import { REQUESTS } from './requests.js';
import { RIGHTS } from './rights.js';
import { TRUST } from './trust.js';
import { WEBHOOK } from './webhook.js';
import { WORKLOADS } from './workloads.js';

/** Every check of `doctor`. */
export const CHECKS: readonly Check[] = [
  ...ACCESS,
  ...INSTALLATION,
  ...WEBHOOK,
  ...ISSUERS,
  ...AUTHORITIES,
  ...REQUESTS,
  ...CERTIFICATES,
  ...TRUST,
  ...WORKLOADS,
  ...NETWORK,
  ...RIGHTS,
  ...MONITORING,
];
