import { createHash } from 'node:crypto';
import type { Certificate } from './certificate.js';
import { hash, type Identity } from './identity.js';
import { toPem } from './pem.js';
import type { PolicyIndex } from './policy-index.js';

/** What a process serves with. Immutable: a change makes a new one. */
export interface Generation {
  /** 1, 2, …: one more at each swap. */
  readonly number: number;
  /** First 16 digits of a SHA-256 of chain, roots and policy (SPEC 1.5). */
  readonly id: string;
  readonly leaf: Certificate;
  readonly identity: Identity;
  /** Own SPIFFE ID; undefined for a certificate without one. */
  readonly spiffeId: string | undefined;
  readonly isSelfRooted: boolean;
  readonly policy: PolicyIndex | undefined;
  /** Milliseconds since 1970. */
  readonly takenAt: number;
  /** PEM made from what was parsed. */
  readonly certPem: string;
  readonly caPem: string;
  /** Digest of the policy's bytes, or "none". */
  readonly policyDigest: string;
}

/** What a swap changed. */
export type Change = 'leaf' | 'roots' | 'policy';

export interface GenerationParts {
  readonly identity: Identity;
  readonly policy: { readonly index: PolicyIndex; readonly digest: string } | undefined;
}

export function makeGeneration(number: number, { identity, policy }: GenerationParts): Generation {
  const policyDigest = policy?.digest ?? 'none';
  const lines = [
    ...identity.chain.map(({ sha256 }) => `chain ${sha256}\n`),
    ...identity.roots.map(({ sha256 }) => `root ${sha256}\n`),
    `policy ${policyDigest}\n`,
  ];
  return {
    number,
    id: hash(lines.join('')),
    leaf: identity.leaf,
    identity,
    spiffeId: 'spiffeId' in identity.self ? identity.self.spiffeId : undefined,
    isSelfRooted: identity.isSelfRooted,
    policy: policy?.index,
    takenAt: Date.now(),
    certPem: identity.chain.map(({ facts }) => toPem('CERTIFICATE', facts.der)).join(''),
    caPem: identity.roots.map(({ facts }) => toPem('CERTIFICATE', facts.der)).join(''),
    policyDigest,
  };
}

/** Digest of a policy's bytes, all 64 digits. */
export const policyDigest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const digestsOf = (certificates: readonly Certificate[]): string => certificates.map(({ sha256 }) => sha256).join(' ');

/** What differs between two generations; everything, when there was none. */
export function changesBetween(next: Generation, former: Generation | undefined): Change[] {
  const changes: Change[] = [];
  if (!former || digestsOf(next.identity.chain) !== digestsOf(former.identity.chain)) changes.push('leaf');
  if (!former || next.identity.trustFingerprint !== former.identity.trustFingerprint) changes.push('roots');
  if (next.policyDigest !== (former?.policyDigest ?? 'none')) changes.push('policy');
  return changes;
}

/** Roots that the former generation trusted and the next one doesn't. */
export function removedRoots(next: Generation, former: Generation): boolean {
  const kept = new Set(next.identity.roots.map(({ sha256 }) => sha256));
  return former.identity.roots.some(({ sha256 }) => !kept.has(sha256));
}
