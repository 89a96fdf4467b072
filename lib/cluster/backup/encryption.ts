import { ClusterError } from '../cluster-error.js';

/** Who can open a file: a passphrase, or the owners of age recipients (`age1…`). */
export type Lock = { readonly passphrase: string } | { readonly recipients: readonly string[] };
/** What opens it: the passphrase, or identities (`AGE-SECRET-KEY-1…`). */
export type Key = { readonly passphrase: string } | { readonly identities: readonly string[] };

/** Shorter ones are guessed, for all that scrypt slows it down. */
const SHORTEST_PASSPHRASE = 12;

/** The age format (age-encryption.org/v1); the library is loaded for these commands alone. */
export async function encrypt(text: string, lock: Lock): Promise<Uint8Array> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  if ('passphrase' in lock) {
    if (lock.passphrase.length < SHORTEST_PASSPHRASE)
      throw new ClusterError(
        'CLUSTER_BACKUP',
        `the passphrase has ${lock.passphrase.length} characters`,
        `expected ${SHORTEST_PASSPHRASE} at least; better, use --recipient`,
      );
    encrypter.setPassphrase(lock.passphrase);
  } else
    for (const recipient of lock.recipients) {
      try {
        encrypter.addRecipient(recipient);
      } catch {
        throw new ClusterError(
          'CLUSTER_BACKUP',
          `"${recipient.slice(0, 80)}" is no recipient of age`,
          'expected age1…, as age-keygen -y prints it',
        );
      }
    }
  return encrypter.encrypt(text);
}

/** @throws ClusterError when the key does not open it, or it was changed */
export async function decrypt(file: Uint8Array, key: Key): Promise<string> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  if ('passphrase' in key) decrypter.addPassphrase(key.passphrase);
  else
    for (const identity of key.identities) {
      try {
        decrypter.addIdentity(identity);
      } catch {
        // what is wrong with it is not shown: it is a key
        throw new ClusterError(
          'CLUSTER_BACKUP',
          'an identity is none of age',
          'expected lines with AGE-SECRET-KEY-1…, as age-keygen writes them',
        );
      }
    }
  try {
    return await decrypter.decrypt(file, 'text');
  } catch (error) {
    throw new ClusterError(
      'CLUSTER_BACKUP',
      `the backup can't be opened: ${error instanceof Error ? error.message.split('\n')[0] : 'unknown error'}`,
      'is it the right passphrase or identity, and is the file whole?',
    );
  }
}
