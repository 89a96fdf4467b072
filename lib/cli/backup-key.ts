import type { Key, Lock } from '../cluster/index.js';
import { UsageError } from './exit.js';
import { readInputText } from './input-file.js';

/** Never an argument: arguments are seen by everybody on the machine. */
const VARIABLE = 'SENTINEL_MTLS_PASSPHRASE';

export const LOCK_OPTIONS = { recipient: { type: 'string', multiple: true }, 'passphrase-file': { type: 'string' } } as const;
export const KEY_OPTIONS = { identity: { type: 'string' }, 'passphrase-file': { type: 'string' } } as const;

export function lockOf(values: { readonly recipient?: string[]; readonly 'passphrase-file'?: string }): Lock {
  const passphrase = passphraseOf(values['passphrase-file']);
  if (values.recipient !== undefined) {
    if (values['passphrase-file'] !== undefined)
      throw new UsageError('--recipient and --passphrase-file exclude each other', 'give one of them');
    return { recipients: values.recipient };
  }
  if (passphrase !== undefined) return { passphrase };
  throw new UsageError(
    'nothing says who may open the backup',
    `give --recipient age1…, --passphrase-file FILE, or ${VARIABLE} in the environment`,
  );
}

export function keyOf(values: { readonly identity?: string; readonly 'passphrase-file'?: string }): Key {
  if (values.identity !== undefined) {
    // as age-keygen writes it: comments, and a line for each
    const lines = readInputText(values.identity, 'name a file of keys, as age-keygen writes it').split(/\r?\n/);
    const identities = lines.map(line => line.trim()).filter(line => line !== '' && !line.startsWith('#'));
    // which line is wrong is not shown: it may be a key
    if (identities.length === 0 || identities.some(line => !/^AGE-/.test(line)))
      throw new UsageError(
        `${values.identity} holds something else than identities of age`,
        'expected lines with AGE-SECRET-KEY-1…, as age-keygen writes them',
      );
    return { identities };
  }
  const passphrase = passphraseOf(values['passphrase-file']);
  if (passphrase !== undefined) return { passphrase };
  throw new UsageError('nothing opens the backup', `give --identity FILE, --passphrase-file FILE, or ${VARIABLE} in the environment`);
}

function passphraseOf(file: string | undefined): string | undefined {
  if (file !== undefined) return readInputText(file, 'name a file that holds the passphrase').replace(/\r?\n$/, '');
  const given = process.env[VARIABLE];
  return given === undefined || given === '' ? undefined : given;
}
