import { createHash } from 'node:crypto';
import { type Code, MtlsError } from './codes.js';
import { type Generation, type GenerationParts, makeGeneration, policyDigest } from './generation.js';
import { type Identity, readIdentity } from './identity.js';
import { parsePolicy } from './policy.js';
import { PolicyIndex } from './policy-index.js';
import { bytesOf, type FileContent, type FileSet } from './read-files.js';
import type { Timings } from './settings.js';
import { systemErrorCode } from './system-error.js';
import { clientContext } from './tls-context.js';

export type Part = 'identity' | 'policy';

/** Why a part of what was read is not taken. */
export interface Refusal {
  readonly part: Part;
  readonly code: Code;
  readonly path: string;
  /** What was found; nothing of a file's contents. */
  readonly detail: string;
  /** Same bytes and same code: said once only. */
  readonly key: string;
}

/** What a look found: parts that differ from those that stand, and refusals. */
export interface Candidate {
  readonly identity: Identity | undefined;
  readonly policy: GenerationParts['policy'];
  readonly refusals: readonly Refusal[];
}

type Standing = GenerationParts | undefined;

/** Judges what was read against what stands (SPEC 1.3, 1.4). */
export function judgeFiles(files: FileSet, standing: Standing, generation: Generation | undefined, timings: Timings): Candidate {
  const refusals: Refusal[] = [];
  const refuse = (part: Part, error: unknown, contents: readonly FileContent[]): void => {
    const { code, message } =
      error instanceof MtlsError ? error : new MtlsError(part === 'identity' ? 'cert-malformed' : 'policy-malformed', 'unreadable');
    const path = contents.find(content => message.startsWith(content.path))?.path ?? contents[0]?.path ?? '';
    const detail = message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
    refusals.push({ part, code, path, detail, key: `${code} ${digestOf(contents)}` });
  };

  let identity: Identity | undefined;
  const identityFiles = [files.cert, files.key, files.bundle];
  try {
    const read = readIdentity(files, timings);
    if (differs(read, standing?.identity)) {
      checkLoads(read, files.cert.path);
      checkTime(read, generation, files.cert.path);
      identity = read;
    }
  } catch (error) {
    refuse('identity', error, identityFiles);
  }

  let policy: GenerationParts['policy'];
  if (files.policy) {
    try {
      const bytes = bytesOf(files.policy);
      const self = (identity ?? standing?.identity)?.self;
      const index = new PolicyIndex(parsePolicy(bytes));
      // without an identity there is nothing to compare with, and no generation either
      if (self && !('spiffeId' in self && self.spiffeId === index.policy.spiffeId))
        throw new MtlsError(
          'policy-other-identity',
          `policy.json is for ${index.policy.spiffeId}, which is not the certificate's identity`,
        );
      const digest = policyDigest(bytes);
      if (digest !== standing?.policy?.digest) policy = { index, digest };
    } catch (error) {
      refuse('policy', error, [files.policy]);
    }
  }
  return { identity, policy, refusals };
}

/** What TLS refuses to load must be known before the swap: after it, the server would serve another generation than it says. */
function checkLoads(identity: Identity, path: string): void {
  try {
    clientContext(makeGeneration(0, { identity, policy: undefined }), 'TLSv1.3');
  } catch (error) {
    throw new MtlsError('chain-weak', `${path}: TLS refuses to load it: ${systemErrorCode(error)}`);
  }
}

/** A leaf outside of its validity never replaces one inside. */
function checkTime({ leaf }: Identity, generation: Generation | undefined, path: string): void {
  if (!generation || validityCode(generation.leaf.facts) !== undefined) return;
  const code = validityCode(leaf.facts);
  if (code) throw new MtlsError(code, `${path}: valid from ${iso(leaf.facts.notBefore)} to ${iso(leaf.facts.notAfter)}`);
}

/** Whether a leaf is outside of its validity now, and on which side. */
export function validityCode(leaf: { readonly notBefore: number; readonly notAfter: number }, now = Date.now()): Code | undefined {
  if (now < leaf.notBefore) return 'leaf-not-yet-valid';
  // RFC 5280 4.1.2.5: the second of notAfter is still valid
  return now >= leaf.notAfter + 1000 ? 'leaf-expired' : undefined;
}

export const iso = (time: number): string => new Date(time).toISOString();

const digestsOf = ({ chain, roots }: Identity): string => [...chain, { sha256: '' }, ...roots].map(({ sha256 }) => sha256).join(' ');
const differs = (read: Identity, standing: Identity | undefined): boolean => !standing || digestsOf(read) !== digestsOf(standing);

/** Digest of everything that was read: the same twice means that there is nothing to judge. */
export const digestOfFiles = (files: FileSet): string =>
  digestOf([files.cert, files.key, files.bundle, ...(files.policy ? [files.policy] : [])]);

function digestOf(contents: readonly FileContent[]): string {
  const hash = createHash('sha256');
  for (const content of contents) hash.update('bytes' in content ? content.bytes : content.code).update('\0');
  return hash.digest('hex');
}
