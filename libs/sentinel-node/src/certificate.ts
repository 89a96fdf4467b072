import { createHash, X509Certificate } from 'node:crypto';
import { type Element, elementAt, elements, whole } from './der.js';

/** What is asked of a certificate, read from its DER: the text that Node prints of the names can be forged with commas (CVE-2021-44532). */
export interface CertificateFacts {
  readonly der: Buffer;
  /** Content octets of the serial number, as hexadecimal digits. */
  readonly serial: string;
  /** Contents of the object identifier of the signature's algorithm, as hexadecimal digits. */
  readonly signatureAlgorithm: string;
  readonly subjectIsEmpty: boolean;
  readonly isCa: boolean;
  /** Bits of KeyUsage, bit 0 (digitalSignature) lowest; undefined without the extension. */
  readonly keyUsage: number | undefined;
  readonly namesCritical: boolean;
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
  /** Octets as hexadecimal digits. */
  readonly ipAddresses: readonly string[];
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export const DIGITAL_SIGNATURE = 1 << 0;
export const KEY_CERT_SIGN = 1 << 5;
export const CRL_SIGN = 1 << 6;

// contents of the object identifiers 2.5.29.15, .17 and .19
const KEY_USAGE = '551d0f';
const NAMES = '551d11';
const BASIC_CONSTRAINTS = '551d13';

/**
 * Reads a certificate (RFC 5280 4.1).
 *
 * @throws Error when it is none
 */
export function readCertificate(der: Buffer): CertificateFacts {
  const certificate = whole(der, 0x30);
  const [tbs] = elements(der, certificate.from, certificate.to);
  if (tbs?.tag !== 0x30) throw new Error('no certificate');
  const fields = elements(der, tbs.from, tbs.to);
  // version is explicit tag 0 and may be missing (version 1)
  const rest = fields[0]?.tag === 0xa0 ? fields.slice(1) : fields;
  const [serial, algorithm, , validity, subject] = rest;
  if (serial?.tag !== 0x02 || algorithm?.tag !== 0x30 || validity?.tag !== 0x30 || subject?.tag !== 0x30) throw new Error('no certificate');
  const [notBefore, notAfter] = elements(der, validity.from, validity.to);
  if (!notBefore || !notAfter) throw new Error('no validity');
  const extensions = rest.find(({ tag }) => tag === 0xa3);
  return {
    der,
    serial: hex(der, serial),
    signatureAlgorithm: hex(der, elementAt(der, algorithm.from, algorithm.to)),
    subjectIsEmpty: subject.from === subject.to,
    ...readExtensions(der, extensions),
    notBefore: readTime(der, notBefore),
    notAfter: readTime(der, notAfter),
  };
}

/** First 16 digits of the SHA-256 of the DER. */
export const fingerprint = (der: Uint8Array): string => createHash('sha256').update(der).digest('hex').slice(0, 16);

/** First 16 digits of the SHA-256 of the serial number's octets. */
export const serialHash = (facts: CertificateFacts): string =>
  createHash('sha256').update(Buffer.from(facts.serial, 'hex')).digest('hex').slice(0, 16);

/** Facts, and the object that checks signatures, of one certificate. */
export class Certificate {
  readonly facts: CertificateFacts;
  readonly x509: X509Certificate;
  readonly sha256: string;
  #selfSigned: boolean | undefined;

  /** @throws Error when the bytes are no certificate, or more than one */
  constructor(der: Buffer) {
    this.facts = readCertificate(der);
    this.x509 = new X509Certificate(der);
    this.sha256 = createHash('sha256').update(der).digest('hex');
  }

  /** Name and signature; times are not asked. */
  isIssuedBy(issuer: Certificate): boolean {
    return this.x509.checkIssued(issuer.x509) && this.x509.verify(issuer.x509.publicKey);
  }

  /** Made once: a signature is checked. */
  get isSelfSigned(): boolean {
    this.#selfSigned ??= this.isIssuedBy(this);
    return this.#selfSigned;
  }
}

type Extensions = Pick<CertificateFacts, 'isCa' | 'keyUsage' | 'namesCritical' | 'uris' | 'dnsNames' | 'ipAddresses'>;

function readExtensions(der: Buffer, wrapper: Element | undefined): Extensions {
  const uris: string[] = [];
  const dnsNames: string[] = [];
  const ipAddresses: string[] = [];
  let isCa = false;
  let keyUsage: number | undefined;
  let namesCritical = false;
  const seen = new Set<string>();
  const list = wrapper ? elementAt(der, wrapper.from, wrapper.to) : undefined;
  for (const extension of list ? elements(der, list.from, list.to) : []) {
    const parts = elements(der, extension.from, extension.to);
    const [id] = parts;
    const value = parts.at(-1);
    if (id?.tag !== 0x06 || value?.tag !== 0x04) throw new Error('broken extension');
    const oid = hex(der, id);
    // RFC 5280 4.2: two of a kind are no certificate, whichever a library would take
    if (seen.has(oid)) throw new Error('an extension stands twice');
    seen.add(oid);
    if (oid === BASIC_CONSTRAINTS) isCa = readIsCa(der, value);
    else if (oid === KEY_USAGE) keyUsage = readKeyUsage(der, value);
    else if (oid === NAMES) {
      const critical = parts.length === 3 ? parts[1] : undefined;
      namesCritical = critical?.tag === 0x01 && der[critical.from] !== 0;
      const names = elementAt(der, value.from, value.to);
      for (const name of elements(der, names.from, names.to)) {
        if (name.tag === 0x86) uris.push(latin1(der, name));
        else if (name.tag === 0x82) dnsNames.push(latin1(der, name));
        else if (name.tag === 0x87) ipAddresses.push(hex(der, name));
      }
    }
  }
  return { isCa, keyUsage, namesCritical, uris, dnsNames, ipAddresses };
}

function readIsCa(der: Buffer, value: Element): boolean {
  const sequence = elementAt(der, value.from, value.to);
  const [first] = elements(der, sequence.from, sequence.to);
  return first?.tag === 0x01 && der[first.from] !== 0;
}

function readKeyUsage(der: Buffer, value: Element): number {
  const bits = elementAt(der, value.from, value.to);
  if (bits.tag !== 0x03) throw new Error('broken key usage');
  // the first octet counts unused bits; bit 0 is the highest bit of the next one
  const octet = der[bits.from + 1] ?? 0;
  let usage = 0;
  for (let bit = 0; bit < 8; bit++) if (bits.to - bits.from > 1 && octet & (0x80 >> bit)) usage |= 1 << bit;
  return usage;
}

function readTime(der: Buffer, element: Element): number {
  const text = latin1(der, element);
  // RFC 5280 4.1.2.5.1: two-digit years from 50 on are of the last century
  const long = element.tag === 0x17 ? `${Number(text.slice(0, 2)) >= 50 ? '19' : '20'}${text}` : text;
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(long);
  if (!match) throw new Error('broken time');
  const [, year, month, day, hour, minute, second] = match.map(Number) as [number, number, number, number, number, number, number];
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

const hex = (der: Buffer, { from, to }: Element): string => der.toString('hex', from, to);
const latin1 = (der: Buffer, { from, to }: Element): string => der.toString('latin1', from, to);
