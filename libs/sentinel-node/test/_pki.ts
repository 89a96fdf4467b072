import { certificatePem, publicKeyOf, type Signer, signCertificate, signerOf } from '../../../lib/pki/x509.js';
import { generatePrivateKey, type KeySpec } from '../../../lib/pki/x509-keys.js';

export const TRUST_DOMAIN = 'sentinel.test';
export const idOf = (service: string): string => `spiffe://${TRUST_DOMAIN}/ns/prod/sa/${service}`;
export const hostOf = (service: string): string => `${service}.prod.svc.cluster.local`;

/** Bits of RFC 5280 KeyUsage as @peculiar/x509 has them. */
export const USAGE = { digitalSignature: 1, keyCertSign: 32, cRLSign: 64 } as const;
export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

const P256: KeySpec = { algorithm: 'ECDSA', size: 256 };
const hours = (count: number): Date => new Date(Math.floor((Date.now() + count * 3_600_000) / 1000) * 1000);

export interface LeafProps {
  readonly uris?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly subject?: string;
  readonly keyUsage?: number;
  readonly extendedKeyUsages?: readonly string[];
  readonly isCa?: boolean;
  readonly key?: KeySpec;
  /** Hours from now. @default -1 and 24 */
  readonly from?: number;
  readonly to?: number;
}

/** PEM of one identity. */
export interface Leaf {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority, made at test time. */
export class TestAuthority {
  readonly pem: string;
  readonly key: string;
  /** Intermediates up to, and without, the root. */
  readonly #chain: string;
  readonly #signer: Signer;

  static async make(name: string, parent?: TestAuthority, key: KeySpec = P256): Promise<TestAuthority> {
    const privateKey = await generatePrivateKey(key);
    const signer = parent ? parent.#signer : await signerOf(privateKey, key);
    const certificate = await signCertificate(
      {
        subject: `CN=${name}`,
        dnsNames: [],
        uris: [],
        ipAddresses: [],
        emailAddresses: [],
        keyUsage: USAGE.keyCertSign | USAGE.cRLSign,
        extendedKeyUsages: [],
        isCa: true,
        notBefore: hours(-24),
        notAfter: hours(24 * 365),
      },
      publicKeyOf(privateKey),
      signer,
    );
    const pem = certificatePem(certificate);
    const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return new TestAuthority(pem, pkcs8, parent ? pem + parent.#chain : '', await signerOf(privateKey, key, certificate));
  }

  private constructor(pem: string, key: string, chain: string, signer: Signer) {
    this.pem = pem;
    this.key = key;
    this.#chain = chain;
    this.#signer = signer;
  }

  /** Issues a leaf, by default for a service of the test fleet. */
  async issue(service: string, props: LeafProps = {}): Promise<Leaf> {
    const spec = props.key ?? P256;
    const privateKey = await generatePrivateKey(spec);
    const certificate = await signCertificate(
      {
        subject: props.subject ?? `CN=${service}`,
        dnsNames: props.dnsNames ?? [hostOf(service), 'localhost'],
        uris: props.uris ?? [idOf(service)],
        ipAddresses: [],
        emailAddresses: [],
        keyUsage: props.keyUsage ?? USAGE.digitalSignature,
        extendedKeyUsages: props.extendedKeyUsages ?? [SERVER_AUTH, CLIENT_AUTH],
        isCa: props.isCa ?? false,
        notBefore: hours(props.from ?? -1),
        notAfter: hours(props.to ?? 24),
      },
      publicKeyOf(privateKey),
      this.#signer,
    );
    return { cert: certificatePem(certificate) + this.#chain, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  }
}
