export { MtlsAgent, type MtlsAgentOptions } from './agent.js';
export {
  type AuthorizationContext,
  type Authorizer,
  allOf,
  anyOf,
  authorizeAny,
  authorizeDnsName,
  authorizePolicy,
  authorizeSpiffeId,
  authorizeTrustDomain,
} from './authorizer.js';
export type { CertificateFacts } from './certificate.js';
export { readCertificate } from './certificate.js';
export { type CallOptions, Client } from './client.js';
export { CODES, type Code, MtlsError } from './codes.js';
export { FileSource, type FileSourceOptions } from './file-source.js';
export type { Change, Generation } from './generation.js';
export { isForHost } from './host-name.js';
export { EVENTS, type EventName, jsonLogger, type Logger, silentLogger } from './logger.js';
export type { MemoryFiles } from './memory-source.js';
export { METRICS, type MetricName, Metrics } from './metrics.js';
export { Mtls, type MtlsOptions, openMtls, peerOfRequest, type ServerOptions, type TlsServerOptions } from './mtls.js';
export { identityOf, type Peer, type PeerIdentity, peerOf } from './peer.js';
export { type Decision, MODES, type Mode, type Policy, type PolicyCall, type PolicyServerPort, parsePolicy } from './policy.js';
export { PolicyIndex } from './policy-index.js';
export {
  DEFAULT_MIN_VERSION,
  DEFAULTS,
  ENVIRONMENT,
  type MinVersion,
  type Paths,
  settingsFromEnvironment,
  type Timings,
} from './settings.js';
export type { Readiness, Source, SwapListener } from './source.js';
export { isWorkload, parseSpiffeId, parseTrustDomain, type SpiffeId } from './spiffe-id.js';
