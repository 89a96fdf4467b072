import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KubernetesObject } from '../../objects/index.js';
import { mapAt } from '../_values.js';

/** What is known of a value that is not kept. */
export interface HeldKey {
  readonly bytes: number;
  /** Of `tls.key`: the block that holds it. */
  readonly form?: 'PKCS1' | 'PKCS8' | 'SEC1' | 'unreadable';
  /** Of `tls.key`: whether it is the key of the first certificate in `tls.crt`. */
  readonly fits?: boolean;
}

/** A Secret without its secrets: of `data` only certificates are kept, of each other value its size. */
export interface PublicSecret extends KubernetesObject {
  readonly type: string;
  /** Base64 of PEM, certificates alone. */
  readonly data: Readonly<Record<string, string>>;
  readonly held: Readonly<Record<string, HeldKey>>;
  /** Field managers that own values. */
  readonly writers: readonly string[];
}

/** Keys whose certificates are public. */
const PUBLIC_KEYS = ['tls.crt', 'ca.crt'];

/** Blocks of certificates, and nothing else that a text may hold beside them. */
export const certificateBlocks = (text: string): string[] =>
  text.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];

export const certificatesOnly = (text: string): string =>
  certificateBlocks(text)
    .map(block => `${block}\n`)
    .join('');

/** Takes a Secret as the API gives it; the caller lets go of the original. */
export function publicSecret(secret: KubernetesObject): PublicSecret {
  const values = mapAt(secret, 'data');
  const { name, namespace, labels, uid, creationTimestamp, resourceVersion, deletionTimestamp, ownerReferences } = secret.metadata;
  const data: Record<string, string> = {};
  const held: Record<string, HeldKey> = {};
  for (const [key, value] of Object.entries(values)) {
    const bytes = Buffer.from(typeof value === 'string' ? value : '', 'base64');
    held[key] = { bytes: bytes.length, ...(key === 'tls.key' ? keyFacts(bytes, values['tls.crt']) : {}) };
    if (PUBLIC_KEYS.includes(key)) data[key] = Buffer.from(certificatesOnly(bytes.toString('latin1')), 'latin1').toString('base64');
    bytes.fill(0);
  }
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: withoutUndefined({
      name,
      namespace,
      labels,
      // kubectl's last-applied annotation repeats the values
      annotations: Object.fromEntries(
        Object.entries(mapAt(secret, 'metadata', 'annotations')).filter(([key]) => key.includes('cert-manager.io/')),
      ),
      uid,
      creationTimestamp,
      resourceVersion,
      deletionTimestamp,
      ownerReferences,
    }) as KubernetesObject['metadata'],
    type: typeof secret.type === 'string' ? secret.type : 'Opaque',
    data,
    held,
    writers: writersOf(secret),
  };
}

function keyFacts(key: Buffer, certificate: unknown): Pick<HeldKey, 'form' | 'fits'> {
  try {
    const text = key.toString('latin1');
    const [, label] = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----/.exec(text) ?? [];
    const form =
      label === 'RSA PRIVATE KEY' ? 'PKCS1' : label === 'EC PRIVATE KEY' ? 'SEC1' : label === 'PRIVATE KEY' ? 'PKCS8' : undefined;
    if (form === undefined) return { form: 'unreadable' };
    const parsed = createPrivateKey(key);
    const [leaf] = certificateBlocks(Buffer.from(typeof certificate === 'string' ? certificate : '', 'base64').toString('latin1'));
    return leaf === undefined ? { form } : { form, fits: new X509Certificate(leaf).checkPrivateKey(parsed) };
  } catch {
    return { form: 'unreadable' };
  }
}

function writersOf(secret: KubernetesObject): string[] {
  const { managedFields } = secret.metadata;
  if (!Array.isArray(managedFields)) return [];
  const owning = managedFields.filter(entry => Object.keys(mapAt(entry, 'fieldsV1', 'f:data')).length > 0);
  return [...new Set(owning.map(entry => String((entry as { manager?: unknown }).manager ?? '')))];
}

const withoutUndefined = (value: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
