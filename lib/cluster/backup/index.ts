export { type Backup, parseBackup, takeBackup } from './contents.js';
export { decrypt, encrypt, type Key, type Lock } from './encryption.js';
export { type RestoreOptions, restoreBackup, type Step } from './restore.js';
export { type Verified, verifyBackup } from './verify.js';
