import { parseDuration, suggestDuration } from '../../pki/index.js';
import type { Issue, Path } from '../issue.js';
import { show } from '../structure.js';
import type { KeyAlgorithm, KeySettings } from '../types.js';

/** 1h: cert-manager's MinimumCertificateDuration. */
export const MIN_DURATION_SECONDS = 3600;
/** 5m: cert-manager's MinimumRenewBefore. */
export const MIN_RENEW_BEFORE_SECONDS = 300;

/** A Go duration of at least `minimumSeconds`. */
export function* duration(text: string | undefined, path: Path, minimumSeconds: number): Iterable<Issue> {
  if (text === undefined) return;
  const seconds = parseDuration(text);
  const name = String(path.at(-1));
  if (seconds === undefined) {
    const suggestion = suggestDuration(text);
    const tooLong = /^(?:\d+[hms])+$/.test(text);
    yield {
      path,
      message: tooLong ? `${name} is ${show(text)}, longer than Go can say` : `${name} is ${show(text)}, which is no Go duration`,
      notes: [
        tooLong
          ? 'at most 2562047h (292 years): write less'
          : suggestion === undefined
            ? 'expected hours, minutes and seconds, such as 2160h or 1h30m'
            : `write ${suggestion}`,
      ],
    };
  } else if (seconds < minimumSeconds) {
    yield {
      path,
      message: `${name} is ${text}, at least ${minimumSeconds === MIN_DURATION_SECONDS ? '1h' : '5m'} is needed`,
      notes: ['cert-manager refuses less'],
    };
  }
}

const SIZES: Readonly<Record<Exclude<KeyAlgorithm, 'RSA'>, readonly number[]>> = { ECDSA: [256, 384, 521], Ed25519: [] };

/** Key size and encoding against the algorithm of the same block (RSA where none is written). */
export function* keyRules(key: KeySettings | undefined, path: Path, role: 'leaf' | 'ca'): Iterable<Issue> {
  if (key === undefined) return;
  yield* keySize(key.size, key.algorithm ?? 'RSA', [...path, 'size']);
  if (key.algorithm === 'Ed25519' && key.encoding === 'PKCS1')
    yield { path: [...path, 'encoding'], message: 'encoding is PKCS1, which Ed25519 keys do not have', notes: ['write PKCS8'] };
  if (role === 'leaf' && key.rotationPolicy === 'Never')
    yield {
      path: [...path, 'rotationPolicy'],
      message: 'rotationPolicy is Never',
      notes: ['a leaf gets a new key at each renewal, so that a stolen one ends with its certificate: write Always, or remove the key'],
    };
}

export function* keySize(size: number | undefined, algorithm: KeyAlgorithm, path: Path): Iterable<Issue> {
  if (size === undefined) return;
  if (algorithm === 'RSA') {
    if (size < 2048) yield { path, message: `RSA key of ${size} bits`, notes: ['expected at least 2048: smaller ones can be broken'] };
    else if (size > 8192) yield { path, message: `RSA key of ${size} bits`, notes: ['expected at most 8192: cert-manager refuses more'] };
  } else if (!SIZES[algorithm].includes(size)) {
    yield {
      path,
      message: `${algorithm} key of ${size} bits`,
      notes: [algorithm === 'ECDSA' ? 'expected 256, 384 or 521' : 'Ed25519 keys have one size: remove the key'],
    };
  }
}
