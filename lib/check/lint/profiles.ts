/** A key as a Certificate asks for it. */
export interface KeyChoice {
  /** RSA, ECDSA or Ed25519. */
  readonly algorithm: string;
  readonly size: number;
}

/** What a standard asks of certificates and TLS; each number names its clause in `source`. */
export interface Profile {
  readonly name: string;
  readonly source: string;
  readonly minimumTls: 1.2 | 1.3;
  /** What is wrong with a key, as the end of a sentence; undefined when it may be used. */
  readonly keyProblem: (key: KeyChoice) => string | undefined;
  /** Hashes that a signature may use. */
  readonly hashes: readonly string[];
  /** Longest life of a leaf, in days. */
  readonly leafDays: number | undefined;
  /** Longest life of an authority's key, in days. */
  readonly authorityDays: number | undefined;
  /** Day after which classical (not post-quantum) keys must not be in use, and how the finding says it. */
  readonly classicalUntil: { readonly date: string; readonly text: string } | undefined;
  /** Whether classical signatures are outside of the standard today already. */
  readonly classicalRefused: string | undefined;
}

const SHA2 = ['SHA256', 'SHA384', 'SHA512'];

const leastRsa =
  (bits: number, text: string) =>
  ({ algorithm, size }: KeyChoice): string | undefined =>
    algorithm === 'RSA' && size < bits ? `RSA with ${size} bits is below the ${bits} that ${text}` : undefined;

const DEFAULT: Profile = {
  name: 'default',
  source: 'what no current standard allows less of',
  minimumTls: 1.2,
  keyProblem: leastRsa(2048, 'every current standard asks for'),
  hashes: SHA2,
  leafDays: 398,
  authorityDays: undefined,
  classicalUntil: undefined,
  classicalRefused: undefined,
};

const NIST: Profile = {
  ...DEFAULT,
  name: 'nist-800-52r2',
  source: 'NIST SP 800-52r2 3.2 (keys, hashes, TLS versions); SP 800-57 part 1 r5, table 1 (cryptoperiods)',
  keyProblem: key =>
    leastRsa(2048, 'SP 800-52r2 asks for')(key) ??
    (key.algorithm === 'ECDSA' && key.size !== 256 && key.size !== 384 ? `P-${key.size} is neither P-256 nor P-384` : undefined) ??
    (key.algorithm === 'Ed25519' ? 'SP 800-52r2 has no cipher suites for Ed25519' : undefined),
  // an authentication key pair: 1-2 years; a signing key: 1-3 years
  leafDays: 730,
  authorityDays: 1096,
};

const BSI: Profile = {
  ...DEFAULT,
  name: 'bsi-tr-02102-2026',
  source: 'BSI TR-02102-1 and -2, version 2026-01',
  keyProblem: key =>
    leastRsa(3000, 'TR-02102-1 asks for')(key) ??
    (key.algorithm === 'ECDSA' && key.size < 250 ? `a curve of ${key.size} bits is below the 250 of TR-02102-1` : undefined),
  classicalUntil: { date: '2035-12-31', text: 'TR-02102-1 recommends classical signatures on their own until the end of 2035' },
};

const CNSA2: Profile = {
  ...DEFAULT,
  name: 'cnsa2',
  source: 'CNSA 2.0, FAQ version 2.1 (December 2024)',
  minimumTls: 1.3,
  keyProblem: key =>
    leastRsa(3072, 'CNSA 1.0, which holds until the change, asks for')(key) ??
    (key.algorithm === 'ECDSA' && key.size !== 384
      ? `P-${key.size} is not the P-384 of CNSA 1.0, which holds until the change`
      : undefined) ??
    (key.algorithm === 'Ed25519' ? 'Ed25519 is in neither CNSA 1.0 nor 2.0' : undefined),
  hashes: ['SHA384', 'SHA512'],
  classicalUntil: { date: '2033-12-31', text: 'CNSA 2.0 is exclusive from 2033' },
  classicalRefused: 'CNSA 2.0 knows ML-DSA-87 alone for signatures, and no issuer of cert-manager can give such a leaf today',
};

const MOZILLA: Profile = {
  ...DEFAULT,
  name: 'mozilla-modern',
  source: 'Mozilla Server Side TLS 5.8, modern',
  minimumTls: 1.3,
  keyProblem: ({ algorithm, size }) =>
    algorithm === 'ECDSA' && (size === 256 || size === 384)
      ? undefined
      : `${algorithm === 'Ed25519' ? algorithm : `${algorithm} with ${size} bits`} is not the ECDSA with P-256 or P-384 of the modern configuration`,
  leafDays: 90,
};

export const PROFILES: readonly Profile[] = [DEFAULT, NIST, BSI, CNSA2, MOZILLA];

/** @throws Error for a name that no profile has */
export function profileOf(name: string): Profile {
  const profile = PROFILES.find(candidate => candidate.name === name);
  if (!profile) throw new Error(`there is no profile "${name}"; profiles: ${PROFILES.map(candidate => candidate.name).join(', ')}`);
  return profile;
}
