export { CHECKS, type Check, type Subject, verify } from './checks.js';
export type { Finding } from './finding.js';
