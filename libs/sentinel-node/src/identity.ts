import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { Certificate } from './certificate.js';
import { type Code, MtlsError } from './codes.js';
import { whole } from './der.js';
import { identityOf, type PeerIdentity } from './peer.js';
import { type PemBlock, parsePem } from './pem.js';
import { bytesOf, type FileContent, type FileSet } from './read-files.js';
import type { Timings } from './settings.js';
import { chainsTo } from './trust.js';

/** Chain, key and trust set that belong together and were checked (SPEC 1.3). */
export interface Identity {
  readonly leaf: Certificate;
  /** Leaf first, then issuer after issuer, without the root. */
  readonly chain: readonly Certificate[];
  readonly key: KeyObject;
  /** Without repetition, sorted by fingerprint. */
  readonly roots: readonly Certificate[];
  readonly self: PeerIdentity;
  /** The trust set is the leaf itself and nothing else. */
  readonly isSelfRooted: boolean;
  /** First 16 digits of the SHA-256 of the roots' digests. */
  readonly trustFingerprint: string;
  /** Certificates of the file that are no part of the chain. */
  readonly unrelated: number;
}

const KEY_LABELS: readonly string[] = ['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY', 'ENCRYPTED PRIVATE KEY'];
/** P-256, P-384 and P-521 by the names that OpenSSL gives. */
const CURVES: readonly string[] = ['prime256v1', 'secp384r1', 'secp521r1'];
const MIN_RSA_BITS = 2048;
/** RSA with MD2, MD5 and SHA-1 (PKCS #1), ECDSA and DSA with SHA-1, by the contents of their object identifiers. */
const WEAK_SIGNATURES: readonly string[] = [
  '2a864886f70d010102',
  '2a864886f70d010104',
  '2a864886f70d010105',
  '2a8648ce3d0401',
  '2a8648ce380403',
];

/**
 * Checks that certificate, key and bundle belong together. Times are not judged here.
 *
 * @throws MtlsError with the code of the first check that fails, in the order of SPEC 1.1 to 1.3
 */
export function readIdentity(files: Pick<FileSet, 'cert' | 'key' | 'bundle'>, limits: Pick<Timings, 'maxChainCertificates'>): Identity {
  for (const content of [files.cert, files.key, files.bundle]) bytesOf(content);
  const certificates = readCertificates(files.cert, 'cert', KEY_LABELS);
  const key = readKey(files.key);
  const roots = unique(readCertificates(files.bundle, 'bundle', [])).sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
  checkStrength(key, files.key.path);
  const leaf = certificates.find(({ x509 }) => matches(x509.publicKey, key));
  if (!leaf) throw new MtlsError('key-mismatch', `${files.key.path}: belongs to no certificate of ${files.cert.path}`);
  const chain = chainOf(leaf, certificates, files.cert.path, limits.maxChainCertificates);
  for (const { facts, sha256 } of roots)
    if (!facts.isCa && sha256 !== leaf.sha256)
      throw new MtlsError('bundle-not-ca', `${files.bundle.path}: certificate ${sha256.slice(0, 16)} is no CA`);
  const isOwnRoot = roots.some(({ sha256 }) => sha256 === leaf.sha256);
  if (leaf.facts.isCa && !isOwnRoot) throw new MtlsError('leaf-is-ca', `${files.cert.path}: the certificate of the key is a CA`);
  checkTrust(chain, roots, files);
  checkSignatures(chain, files.cert.path);
  const expected = new Set(chain.map(({ sha256 }) => sha256));
  return {
    leaf,
    chain,
    key,
    roots,
    self: identityOf(leaf.facts),
    isSelfRooted: isOwnRoot && roots.length === 1,
    trustFingerprint: hash(Buffer.concat(roots.map(({ sha256 }) => Buffer.from(sha256, 'hex')))),
    unrelated: unique(certificates).filter(other => !expected.has(other.sha256) && !other.isSelfSigned).length,
  };
}

/** First 16 hexadecimal digits of a SHA-256. */
export const hash = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

function blocksOf(content: FileContent, code: Code): PemBlock[] {
  try {
    const blocks = parsePem(bytesOf(content));
    if (blocks.length > 0) return blocks;
  } catch (error) {
    if (error instanceof MtlsError) throw error;
    throw new MtlsError(code, `${content.path}: ${error instanceof Error ? error.message : 'broken PEM'}`);
  }
  throw new MtlsError(code, `${content.path}: no PEM block`);
}

function readCertificates(content: FileContent, kind: 'cert' | 'bundle', skipped: readonly string[]): Certificate[] {
  const code: Code = `${kind}-malformed`;
  const certificates: Certificate[] = [];
  blocksOf(content, code).forEach(({ label, der }, index) => {
    if (skipped.includes(label)) return;
    if (label !== 'CERTIFICATE') throw new MtlsError(code, `${content.path}: block ${index + 1} is no certificate, by its label`);
    try {
      certificates.push(new Certificate(der));
    } catch {
      throw new MtlsError(code, `${content.path}: block ${index + 1} is no certificate`);
    }
  });
  if (certificates.length === 0) throw new MtlsError(code, `${content.path}: no certificate`);
  return certificates;
}

function readKey(content: FileContent): KeyObject {
  const blocks = blocksOf(content, 'key-malformed').filter(({ label }) => label !== 'EC PARAMETERS' && label !== 'CERTIFICATE');
  if (blocks.some(({ encrypted }) => encrypted)) throw new MtlsError('key-encrypted', `${content.path}: the key needs a passphrase`);
  const [block] = blocks;
  if (!block || blocks.length > 1) throw new MtlsError('key-malformed', `${content.path}: ${blocks.length} private keys, expected 1`);
  const type = ({ 'PRIVATE KEY': 'pkcs8', 'RSA PRIVATE KEY': 'pkcs1', 'EC PRIVATE KEY': 'sec1' } as const)[block.label];
  if (!type) throw new MtlsError('key-malformed', `${content.path}: a block is no private key, by its label`);
  try {
    whole(block.der, 0x30);
    return createPrivateKey({ key: block.der, format: 'der', type });
  } catch {
    throw new MtlsError('key-malformed', `${content.path}: the block is no private key`);
  }
}

function checkStrength(key: KeyObject, path: string): void {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  const strong =
    key.asymmetricKeyType === 'ed25519' ||
    (key.asymmetricKeyType === 'ec' && CURVES.includes(namedCurve)) ||
    (key.asymmetricKeyType === 'rsa' && modulusLength >= MIN_RSA_BITS);
  if (!strong) throw new MtlsError('key-weak', `${path}: expected RSA from ${MIN_RSA_BITS} bits on, P-256, P-384, P-521 or Ed25519`);
}

function matches(publicKey: KeyObject, key: KeyObject): boolean {
  return publicKey.asymmetricKeyType === key.asymmetricKeyType && publicKey.equals(createPublicKey(key));
}

/** Leaf, then who issued it, and so on, from what the file has; a root is not sent. */
function chainOf(leaf: Certificate, all: readonly Certificate[], path: string, max: number): Certificate[] {
  const chain = [leaf];
  for (let last = leaf; ; ) {
    const issuer = all.find(other => !chain.some(({ sha256 }) => sha256 === other.sha256) && last.isIssuedBy(other) && !other.isSelfSigned);
    if (!issuer) return chain;
    if (chain.length >= max) throw new MtlsError('chain-too-long', `${path}: the chain has more than ${max} certificates`);
    chain.push(issuer);
    last = issuer;
  }
}

function checkTrust(chain: readonly Certificate[], roots: readonly Certificate[], files: Pick<FileSet, 'cert' | 'bundle'>): void {
  const leaf = chain[0];
  const trusted = leaf !== undefined && (roots.some(({ sha256 }) => sha256 === leaf.sha256) || chainsTo(leaf, chain.slice(1), roots));
  if (!trusted) throw new MtlsError('chain-untrusted', `${files.cert.path}: its chain does not end in ${files.bundle.path}`);
}

/** Not every OpenSSL refuses to load what every peer of level 2 refuses to accept. */
function checkSignatures(chain: readonly Certificate[], path: string): void {
  if (chain.some(({ facts }) => WEAK_SIGNATURES.includes(facts.signatureAlgorithm)))
    throw new MtlsError('chain-weak', `${path}: a certificate of the chain is signed with SHA-1 or MD5`);
}

function unique(certificates: readonly Certificate[]): Certificate[] {
  return [...new Map(certificates.map(certificate => [certificate.sha256, certificate])).values()];
}
