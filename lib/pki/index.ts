export { dnsNameProblem, isDnsLabel, isDnsSubdomain, isPublicDnsName, isServiceName } from './dns-name.js';
export { canonicalDuration, parseDuration, suggestDuration } from './duration.js';
export { parseSpiffeId, type SpiffeId, trustDomainProblem } from './spiffe-id.js';
export type { KeyAlgorithm, Usage } from './usage.js';
