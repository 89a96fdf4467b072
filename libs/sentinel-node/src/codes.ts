/** Codes of refusals. Meanings stand in `conformance/codes.json`, which a test compares with this list. */
export const CODES = [
  'cert-missing',
  'cert-unreadable',
  'cert-too-large',
  'cert-empty',
  'cert-malformed',
  'key-missing',
  'key-unreadable',
  'key-too-large',
  'key-empty',
  'key-malformed',
  'key-encrypted',
  'bundle-missing',
  'bundle-unreadable',
  'bundle-too-large',
  'bundle-empty',
  'bundle-malformed',
  'policy-missing',
  'policy-unreadable',
  'policy-too-large',
  'policy-empty',
  'files-torn',
  'key-weak',
  'key-mismatch',
  'chain-too-long',
  'bundle-not-ca',
  'leaf-is-ca',
  'chain-untrusted',
  'chain-weak',
  'leaf-expired',
  'leaf-not-yet-valid',
  'policy-malformed',
  'policy-version',
  'policy-mode',
  'policy-identity',
  'policy-other-identity',
  'peer-no-certificate',
  'peer-chain-untrusted',
  'peer-chain-invalid',
  'peer-expired',
  'peer-not-yet-valid',
  'peer-wrong-usage',
  'peer-name-mismatch',
  'plaintext',
  'protocol-version',
  'handshake-timeout',
  'handshake-closed',
  'peer-alert',
  'handshake-failed',
  'connect-failed',
  'peer-malformed',
  'peer-is-ca',
  'peer-key-usage',
  'peer-names-not-critical',
  'peer-no-identity',
  'peer-many-identities',
  'peer-invalid-identity',
  'peer-not-listed',
  'peer-not-expected',
  'port-not-declared',
  'port-disabled',
  'call-not-declared',
  'call-disabled',
  'authorizer-failed',
  'authorizer-missing',
  'setting-invalid',
] as const;

export type Code = (typeof CODES)[number];

/** A refusal: its code is the contract, its text is for people. Never holds PEM, DER or a key. */
export class MtlsError extends Error {
  override readonly name = 'MtlsError';
  readonly code: Code;
  /** SPIFFE ID of the peer that was refused, where it has one. */
  readonly peer: string | undefined;

  constructor(code: Code, message: string, peer?: string) {
    super(message);
    this.code = code;
    this.peer = peer;
  }
}
