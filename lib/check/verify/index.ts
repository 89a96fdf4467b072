export { CHECKS, type Check, type Subject, verify, verifyWith } from './checks.js';
export type { Finding } from './finding.js';
