import { X509Certificate } from 'node:crypto';
import { serialHash, trustFingerprint } from '../../../lib/cluster/rotate/chain.js';
import { readCertificate, serialHash as runtimesSerialHash } from '../../../libs/sentinel-node/src/certificate.js';
import { readIdentity } from '../../../libs/sentinel-node/src/identity.js';
import { make } from '../_certificates.js';

/** Enough that serial numbers with and without a first bit are among them; asserted below. */
const MANY = 40;

test('serial numbers and roots are named as the runtime libraries name them', async () => {
  const root = await make({ commonName: 'root', isCa: true });
  const other = await make({ commonName: 'other', isCa: true });
  const firstBits = new Set<boolean>();
  for (let index = 0; index < MANY; index++) {
    const leaf = await make({ dnsNames: ['web'], uris: ['spiffe://shop.internal/ns/shop/sa/web'] }, root);
    const facts = readCertificate(Buffer.from(leaf.certificate.rawData));
    firstBits.add(facts.serial.startsWith('00'));
    expect(serialHash(new X509Certificate(leaf.pem))).toBe(runtimesSerialHash(facts));
  }
  expect(firstBits.size).toBe(2);
  const leaf = await make({ dnsNames: ['web'], uris: ['spiffe://shop.internal/ns/shop/sa/web'] }, root);
  const content = (path: string, text: string) => ({ path, bytes: Buffer.from(text) });
  const identity = readIdentity(
    { cert: content('tls.crt', leaf.pem), key: content('tls.key', leaf.keyPem()), bundle: content('ca.crt', root.pem + other.pem) },
    { maxChainCertificates: 10 },
  );
  expect(trustFingerprint([new X509Certificate(other.pem), new X509Certificate(root.pem)])).toBe(identity.trustFingerprint);
});
