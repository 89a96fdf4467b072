import type { KeyObject } from 'node:crypto';

/** An issued certificate with its key. The key is in no property, so no log or report can print it by accident. */
export class Credential {
  readonly #privateKey: KeyObject;

  constructor(
    /** PEM of the leaf and its intermediates, never the root: the `tls.crt` of a Secret. */
    readonly chain: string,
    /** PEM of the root that it leads to: `ca.crt`. */
    readonly root: string,
    privateKey: KeyObject,
  ) {
    this.#privateKey = privateKey;
  }

  /** The private key as PKCS #8 PEM: the `tls.key` of a Secret. */
  privateKeyPem(): string {
    return this.#privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  }
}
