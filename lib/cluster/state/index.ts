export { type Condition, condition } from './condition.js';
export { argument, type Component, type Installed } from './installation.js';
export { type Authority, Living } from './living.js';
export { type Mount, workloadOf } from './mounts.js';
export { type Chain, isSelfSigned, isSignedBy, notAfter, notBefore, parseChain } from './pem.js';
export { type CertificateTrouble, certificateTroubles, isReady, TROUBLES, type TroubleKind } from './trouble.js';
