export { withIssuing } from './ask-to-issue.js';
export { type Choice, chooseCertificates } from './choose.js';
export { type Renewal, type RenewOptions, renew } from './renew.js';
