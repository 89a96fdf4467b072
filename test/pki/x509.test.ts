import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { certificatePem, publicKeyOf, signCertificate, signerOf } from '../../lib/pki/x509.js';
import { FAST_KEY, generatePrivateKey, importSigningKey, signatureOf } from '../../lib/pki/x509-keys.js';
import { x509Usages } from '../../lib/pki/x509-usages.js';

const HOUR_MS = 3_600_000;
const TIMES = { notBefore: new Date(Date.now() - HOUR_MS), notAfter: new Date(Date.now() + HOUR_MS) };

/** A root with a key identifier that is not the SHA-1 of its key, as Go makes them since 1.25. */
async function rootOfAnotherProgram(): Promise<{
  readonly certificate: x509.X509Certificate;
  readonly key: Parameters<typeof signerOf>[0];
}> {
  const key = await generatePrivateKey(FAST_KEY);
  const publicKey = new x509.PublicKey(publicKeyOf(key).export({ type: 'spki', format: 'der' }));
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=root',
    issuer: 'CN=root',
    ...TIMES,
    publicKey,
    signingKey: await importSigningKey(key, FAST_KEY),
    signingAlgorithm: signatureOf(FAST_KEY),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      new x509.SubjectKeyIdentifierExtension('0102030405060708090a0b0c0d0e0f1011121314'),
    ],
  });
  return { certificate, key };
}

test('a certificate names its issuer by the key identifier that the issuer has', async () => {
  const root = await rootOfAnotherProgram();
  const leafKey = await generatePrivateKey(FAST_KEY);
  const contents = {
    subject: 'CN=leaf',
    dnsNames: ['leaf'],
    uris: [],
    ipAddresses: [],
    emailAddresses: [],
    ...x509Usages(['digital signature'], false),
    isCa: false,
    ...TIMES,
  };
  const leaf = await signCertificate(contents, publicKeyOf(leafKey), await signerOf(root.key, FAST_KEY, root.certificate));
  expect(leaf.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId).toBe('0102030405060708090a0b0c0d0e0f1011121314');
  // OpenSSL refuses an issuer whose identifier differs
  const parsed = new X509Certificate(certificatePem(leaf));
  expect(parsed.checkIssued(new X509Certificate(certificatePem(root.certificate)))).toBe(true);
});
