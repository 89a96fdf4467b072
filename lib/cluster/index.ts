export * from './backup/index.js';
export * from './change/index.js';
export { ClusterError, type ClusterErrorCode } from './cluster-error.js';
export * from './doctor/index.js';
export * from './read/index.js';
export * from './rights.js';
export * from './snapshot/index.js';
export * from './state/index.js';
export * from './status/index.js';
