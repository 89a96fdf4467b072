import { type Backup, decrypt, encrypt, type Key, parseBackup, takeBackup, type Verified, verifyBackup } from '../cluster/index.js';
import { printable } from '../report/printable.js';
import { parse } from './arguments.js';
import { KEY_OPTIONS, keyOf, LOCK_OPTIONS, lockOf } from './backup-key.js';
import { CLUSTER_OPTIONS, openCluster } from './cluster-arguments.js';
import { EXIT, UsageError } from './exit.js';
import { readInput } from './input-file.js';
import { checkNew, writeNew } from './new-file.js';

export async function run(args: readonly string[]): Promise<number> {
  return args[0] === 'verify' ? verify(args.slice(1)) : take(args);
}

async function take(args: readonly string[]): Promise<number> {
  const { values } = parse(args, { ...CLUSTER_OPTIONS, ...LOCK_OPTIONS, output: { type: 'string', short: 'o' } }, false);
  if (values.output === undefined)
    throw new UsageError('no file is named', 'name one: sentinel-mtls backup -o sentinel.age --recipient age1…');
  checkNew(values.output);
  const lock = lockOf(values);
  const backup = await takeBackup(await openCluster(values));
  const verified = verifyBackup(backup);
  if (backup.objects.length === 0) {
    process.stderr.write('there are no authorities, issuers or bundles\n');
    return EXIT.noInput;
  }
  // only what is encrypted goes to a disk; an older backup is not written over
  writeNew(values.output, await encrypt(JSON.stringify(backup), lock), 0o600);
  process.stdout.write(`${summary(verified)}${values.output}: ${backup.objects.length} objects, encrypted\n`);
  return verified.some(({ problems }) => problems.length > 0) ? EXIT.findings : EXIT.ok;
}

async function verify(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, KEY_OPTIONS, true);
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0)
    throw new UsageError(`backup verify takes one file, got ${positionals.length}`, 'sentinel-mtls backup verify FILE --identity KEYS');
  const backup = await openBackup(file, keyOf(values));
  const verified = verifyBackup(backup);
  process.stdout.write(`backup of context ${printable(backup.context)}, ${printable(backup.takenAt)}\n${summary(verified)}`);
  return verified.some(({ problems }) => problems.length > 0) ? EXIT.findings : EXIT.ok;
}

/** The first line of every file of age, up to its version. */
const AGE = 'age-encryption.org/v';

export async function openBackup(file: string, key: Key): Promise<Backup> {
  const next = 'name what sentinel-mtls backup has written';
  const bytes = readInput(file, next);
  if (bytes.subarray(0, AGE.length).toString('latin1') !== AGE)
    throw new UsageError(`${file} is no backup: it is not in the format of age`, next);
  return parseBackup(await decrypt(bytes, key));
}

export function summary(verified: readonly Verified[]): string {
  return verified
    .map(({ object, about, problems }) => {
      const first = `${problems.length === 0 ? '√' : '×'} ${printable(object)}${about === '' ? '' : `: ${printable(about)}`}\n`;
      return first + problems.map(problem => `    ${printable(problem)}\n`).join('');
    })
    .join('');
}
