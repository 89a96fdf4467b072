import type { KeyObject } from 'node:crypto';
import type { X509Certificate } from '@peculiar/x509';
import type { Usage } from '../../lib/pki/index.js';
import { certificatePem, publicKeyOf, signCertificate, signerOf } from '../../lib/pki/x509.js';
import { FAST_KEY, generatePrivateKey } from '../../lib/pki/x509-keys.js';
import { x509Usages } from '../../lib/pki/x509-usages.js';

export const DAY = 86_400_000;

/** A certificate with its key, made at test time. */
export interface Made {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
  readonly pem: string;
  keyPem(): string;
}

export interface Wanted {
  readonly commonName?: string;
  readonly dnsNames?: readonly string[];
  readonly uris?: readonly string[];
  readonly usages?: readonly Usage[];
  readonly isCa?: boolean;
  /** Days from `now`; negative for the past. @default -1 */
  readonly from?: number;
  /** @default 89 */
  readonly until?: number;
  readonly now?: number;
  readonly key?: KeyObject;
  /** A key usage without cert sign, whatever else it is. */
  readonly bareUsages?: boolean;
}

export async function make(wanted: Wanted, by?: Made): Promise<Made> {
  const key = wanted.key ?? (await generatePrivateKey(FAST_KEY));
  const now = wanted.now ?? Date.now();
  const isCa = wanted.isCa ?? false;
  const certificate = await signCertificate(
    {
      subject: `CN=${wanted.commonName ?? wanted.dnsNames?.[0] ?? 'test'}`,
      dnsNames: wanted.dnsNames ?? [],
      uris: wanted.uris ?? [],
      ipAddresses: [],
      emailAddresses: [],
      ...x509Usages(
        wanted.usages ?? (isCa ? ['cert sign', 'digital signature'] : ['digital signature', 'server auth', 'client auth']),
        isCa,
      ),
      isCa,
      ...(wanted.bareUsages === true ? { keyUsage: 1, extendedKeyUsages: [] } : {}),
      notBefore: new Date(now + (wanted.from ?? -1) * DAY),
      notAfter: new Date(now + (wanted.until ?? 89) * DAY),
    },
    publicKeyOf(key),
    await signerOf(by?.key ?? key, FAST_KEY, by?.certificate),
  );
  return { certificate, key, pem: certificatePem(certificate), keyPem: () => key.export({ type: 'pkcs8', format: 'pem' }).toString() };
}
