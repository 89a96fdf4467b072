export { dumpCluster, readDump } from './dump.js';
export { DOCTOR_RESOURCES, listPath, PREFLIGHT_RESOURCES, type Resource, STATUS_RESOURCES } from './resources.js';
export { certificateBlocks, type HeldKey, type PublicSecret, publicSecret } from './secret.js';
export { type Gap, type Snapshot, type SnapshotHeader, type SnapshotOptions, takeSnapshot, type WebhookProbe } from './snapshot.js';
