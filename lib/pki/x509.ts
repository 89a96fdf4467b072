import 'reflect-metadata';
import { createPublicKey, type KeyObject, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { importSigningKey, type KeySpec, signatureOf } from './x509-keys.js';

x509.cryptoProvider.set(webcrypto);

/** Attributes of a name, one a row. */
export type Subject = readonly Readonly<Record<string, [{ readonly utf8String: string }]>>[];

/** What goes into a certificate; times are exact to the second, as X.509 keeps them. */
export interface CertificateContents {
  /** Attribute lists in the order of the name, or an RFC 4514 string. */
  readonly subject: Subject | string;
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly emailAddresses: readonly string[];
  /** Bits of RFC 5280 KeyUsage. */
  readonly keyUsage: number;
  /** Object identifiers of RFC 5280 ExtendedKeyUsage; no extension when empty. */
  readonly extendedKeyUsages: readonly string[];
  readonly isCa: boolean;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Who signs: a certificate and its key, or nothing but a key for a self-signed certificate. */
export interface Signer {
  readonly certificate: x509.X509Certificate | undefined;
  readonly key: webcrypto.CryptoKey;
  readonly keySpec: KeySpec;
}

/** Makes a certificate for a public key. */
export async function signCertificate(contents: CertificateContents, publicKey: KeyObject, signer: Signer): Promise<x509.X509Certificate> {
  const key = new x509.PublicKey(publicKey.export({ type: 'spki', format: 'der' }));
  const subject = new x509.Name(typeof contents.subject === 'string' ? contents.subject : [...contents.subject]);
  const extensions: x509.Extension[] = [
    new x509.KeyUsagesExtension(contents.keyUsage, true),
    new x509.BasicConstraintsExtension(contents.isCa, undefined, true),
    await x509.SubjectKeyIdentifierExtension.create(key),
  ];
  if (signer.certificate) extensions.push(await authorityKeyIdentifier(signer.certificate));
  if (contents.extendedKeyUsages.length > 0) extensions.push(new x509.ExtendedKeyUsageExtension([...contents.extendedKeyUsages]));
  const names = subjectAlternativeNames(contents);
  // RFC 5280 4.2.1.6: the extension is critical when the subject is empty
  if (names.length > 0) extensions.push(new x509.SubjectAlternativeNameExtension(names, contents.subject.length === 0));
  return x509.X509CertificateGenerator.create({
    subject,
    issuer: signer.certificate?.subjectName ?? subject,
    notBefore: contents.notBefore,
    notAfter: contents.notAfter,
    publicKey: key,
    signingKey: signer.key,
    signingAlgorithm: signatureOf(signer.keySpec),
    extensions,
  });
}

/** RFC 5280 4.2.1.1: the issuer's own key identifier, which another program may have derived from its key in another way. */
async function authorityKeyIdentifier(issuer: x509.X509Certificate): Promise<x509.AuthorityKeyIdentifierExtension> {
  const own = issuer.getExtension(x509.SubjectKeyIdentifierExtension);
  return own ? new x509.AuthorityKeyIdentifierExtension(own.keyId) : x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey);
}

/** A signer for what is signed by `certificate`'s key; without a certificate it signs itself. */
export async function signerOf(privateKey: KeyObject, keySpec: KeySpec, certificate?: x509.X509Certificate): Promise<Signer> {
  return { certificate, keySpec, key: await importSigningKey(privateKey, keySpec) };
}

/** The public half of a private key. */
export const publicKeyOf = (privateKey: KeyObject): KeyObject => createPublicKey(privateKey);

/** PEM with a final newline, as Kubernetes Secrets hold it. */
export const certificatePem = (certificate: x509.X509Certificate): string => `${certificate.toString('pem').trimEnd()}\n`;

function subjectAlternativeNames(contents: CertificateContents): x509.JsonGeneralNames {
  return [
    ...contents.dnsNames.map(value => ({ type: 'dns' as const, value })),
    ...contents.uris.map(value => ({ type: 'url' as const, value })),
    ...contents.ipAddresses.map(value => ({ type: 'ip' as const, value })),
    ...contents.emailAddresses.map(value => ({ type: 'email' as const, value })),
  ];
}
