export { CHECKS, type Check, objectFindings, type Subject, verify, verifyWith } from './checks.js';
export type { Finding } from './finding.js';
