import type { Usage } from './usage.js';

/** Bits as @peculiar/x509 numbers them (RFC 5280 4.2.1.3), and extended usages as object identifiers. */
const KEY_USAGE_BITS: Readonly<Partial<Record<Usage, number>>> = {
  signing: 1,
  'digital signature': 1,
  'content commitment': 2,
  'key encipherment': 4,
  'data encipherment': 8,
  'key agreement': 16,
  'cert sign': 32,
  'crl sign': 64,
  'encipher only': 128,
  'decipher only': 256,
};

const EXTENDED_USAGE_IDS: Readonly<Partial<Record<Usage, string>>> = {
  any: '2.5.29.37.0',
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};

/** What cert-manager asks for when a Certificate has no `usages`: no extended usage at all. */
export const DEFAULT_USAGES: readonly Usage[] = ['digital signature', 'key encipherment'];

export function isUsage(text: string): text is Usage {
  return text in KEY_USAGE_BITS || text in EXTENDED_USAGE_IDS;
}

/** Usages in cert-manager's names as the two X.509 extensions. */
export function x509Usages(
  usages: readonly Usage[],
  isCa: boolean,
): { readonly keyUsage: number; readonly extendedKeyUsages: readonly string[] } {
  let keyUsage = isCa ? (KEY_USAGE_BITS['cert sign'] ?? 0) : 0;
  const extended = new Set<string>();
  for (const usage of usages) {
    keyUsage |= KEY_USAGE_BITS[usage] ?? 0;
    const id = EXTENDED_USAGE_IDS[usage];
    if (id !== undefined) extended.add(id);
  }
  return { keyUsage, extendedKeyUsages: [...extended] };
}
