import { X509Certificate } from 'node:crypto';
import { inspect } from 'node:util';
import { type KubernetesObject, ObjectSet } from '../../lib/objects/index.js';
import { EmbeddedAuthority } from '../../lib/pki/authority.js';
import { devCertificates } from '../../lib/pki/authority-dev.js';
import { IssuanceError } from '../../lib/pki/authority-request.js';
import { peerIdentity } from '../../lib/pki/x509-identity.js';

const NOW = new Date('2026-11-24T05:00:00.900Z');
const REF = { name: 'ca-issuer', kind: 'ClusterIssuer' };
const KEY = { algorithm: 'ECDSA', size: 256 };
const ID = 'spiffe://td.example/ns/a/sa/b';

function object(kind: string, name: string, spec: object, namespace?: string): KubernetesObject {
  return { apiVersion: 'cert-manager.io/v1', kind, metadata: { name, ...(namespace && { namespace }) }, spec };
}

/** self-signed → root → (intermediate →) leaves, as cert-manager has it. */
function issuers(intermediate: boolean): KubernetesObject[] {
  const ca = (name: string, issuerRef: object) =>
    object(
      'Certificate',
      name,
      { isCA: true, secretName: `${name}-secret`, commonName: name, duration: '87600h', privateKey: KEY, issuerRef },
      'cert-manager',
    );
  const root = [object('ClusterIssuer', 'self', { selfSigned: {} }), ca('root', { name: 'self', kind: 'ClusterIssuer' })];
  if (!intermediate) return [...root, object('ClusterIssuer', 'ca-issuer', { ca: { secretName: 'root-secret' } })];
  return [
    ...root,
    object('ClusterIssuer', 'root-issuer', { ca: { secretName: 'root-secret' } }),
    ca('middle', { name: 'root-issuer', kind: 'ClusterIssuer' }),
    object('ClusterIssuer', 'ca-issuer', { ca: { secretName: 'middle-secret' } }),
  ];
}

const leaf = (spec: object = {}): KubernetesObject =>
  object('Certificate', 'b-tls', { secretName: 'b-tls', dnsNames: ['b.a.svc'], uris: [ID], privateKey: KEY, issuerRef: REF, ...spec }, 'a');

const authority = (intermediate = false): EmbeddedAuthority => new EmbeddedAuthority(ObjectSet.from(issuers(intermediate)), { now: NOW });

const chainOf = (pem: string): X509Certificate[] =>
  (pem.match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g) ?? []).map(text => new X509Certificate(text));

describe('a leaf has what its Certificate asks for', () => {
  test('names, lifetime and usages', async () => {
    const { chain } = await authority().issue(
      leaf({
        ipAddresses: ['10.0.0.1'],
        commonName: 'b',
        subject: { organizations: ['Ex, "ample"'], organizationalUnits: ['x'] },
        duration: '48h',
        usages: ['digital signature', 'server auth', 'client auth'],
      }),
    );
    const [certificate] = chainOf(chain);
    expect(certificate?.subjectAltName).toBe(`DNS:b.a.svc, URI:${ID}, IP Address:10.0.0.1`);
    expect(certificate?.subject).toBe('O=Ex\\, \\"ample\\"\nOU=x\nCN=b');
    // EKU object identifiers of server auth and client auth
    expect(certificate?.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect([certificate?.validFrom, certificate?.validTo]).toEqual(['Nov 24 05:00:00 2026 GMT', 'Nov 26 05:00:00 2026 GMT']);
    expect(certificate?.ca).toBe(false);
  });

  test('without usages it has no extended usage, as with cert-manager', async () => {
    const [certificate] = chainOf((await authority().issue(leaf())).chain);
    expect(certificate?.keyUsage).toBeUndefined();
    expect(certificate?.validTo).toBe('Feb 22 05:00:00 2027 GMT');
  });

  const keys: [object, string, object][] = [
    [{ algorithm: 'RSA', size: 3072 }, 'rsa', { modulusLength: 3072 }],
    [{ algorithm: 'ECDSA', size: 384 }, 'ec', { namedCurve: 'secp384r1' }],
    [{ algorithm: 'ECDSA', size: 521 }, 'ec', { namedCurve: 'secp521r1' }],
    [{ algorithm: 'Ed25519' }, 'ed25519', {}],
  ];
  test.each(keys)('key %j', async (privateKey, type, details) => {
    const credential = await authority().issue(leaf({ privateKey }));
    const [certificate] = chainOf(credential.chain);
    expect(certificate?.publicKey.asymmetricKeyType).toBe(type);
    expect(certificate?.publicKey.asymmetricKeyDetails).toMatchObject(details);
    expect(credential.privateKeyPem()).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  });
});

describe('chains', () => {
  test('a root signs leaves itself where there is no intermediate', async () => {
    const { chain, root } = await authority().issue(leaf());
    const [certificate, ...others] = chainOf(chain);
    expect(others).toEqual([]);
    expect(certificate?.verify(new X509Certificate(root).publicKey)).toBe(true);
  });

  test('an intermediate is in the chain, the root is not', async () => {
    const embedded = authority(true);
    const { chain, root } = await embedded.issue(leaf());
    const [certificate, middle, ...others] = chainOf(chain);
    expect(others).toEqual([]);
    expect([certificate?.issuer, middle?.subject, middle?.issuer]).toEqual(['CN=middle', 'CN=middle', 'CN=root']);
    expect(middle?.checkIssued(new X509Certificate(root))).toBe(true);
    expect(middle?.ca).toBe(true);
    expect(embedded.notes).toEqual([]);
  });

  test('leaves of one issuer have one root', async () => {
    const embedded = authority();
    const [first, second] = await Promise.all([embedded.issue(leaf()), embedded.issue(leaf())]);
    expect(first.root).toBe(second.root);
    expect(first.chain).not.toBe(second.chain);
  });

  test('an issuer whose key is elsewhere is played, and noted', async () => {
    const embedded = new EmbeddedAuthority(ObjectSet.from([object('ClusterIssuer', 'ca-issuer', { vault: {} })]), { now: NOW });
    const { chain, root } = await embedded.issue(leaf());
    expect(chainOf(chain)[0]?.verify(new X509Certificate(root).publicKey)).toBe(true);
    expect(embedded.notes).toEqual(['an embedded root stands in for ClusterIssuer ca-issuer: vault holds its key']);
  });

  test('an issuer that signs itself through another is an error, not a hang', async () => {
    const loop = issuers(true).map(item =>
      item.metadata.name === 'root' ? { ...item, spec: { ...(item.spec as object), issuerRef: REF } } : item,
    );
    await expect(new EmbeddedAuthority(ObjectSet.from(loop)).issue(leaf())).rejects.toThrow(/is signed by itself through 2 issuers/);
  });

  test('a root that ends after 2049 is still a certificate', async () => {
    const { root } = await new EmbeddedAuthority(
      ObjectSet.from(
        issuers(false).map(item =>
          item.metadata.name === 'root' ? { ...item, spec: { ...(item.spec as object), duration: '262800h' } } : item,
        ),
      ),
      { now: NOW },
    ).issue(leaf());
    expect(new X509Certificate(root).validTo).toBe('Nov 16 05:00:00 2056 GMT');
  });
});

describe('what cert-manager refuses is refused', () => {
  const cases: [object, RegExp][] = [
    [{ dnsNames: [], uris: [] }, /has neither names nor a commonName/],
    [{ commonName: 'ü'.repeat(33) }, /commonName of more than 64 bytes/],
    [{ duration: '30m' }, /duration of less than 1h/],
    [{ duration: '90d' }, /has duration "90d", expected a Go duration/],
    [{ duration: '2h', renewBefore: '2h' }, /renewBefore that is not less than its duration/],
    [{ privateKey: { algorithm: 'RSA', size: 1024 } }, /RSA key of 1024 bits/],
    [{ privateKey: { algorithm: 'ECDSA', size: 224 } }, /ECDSA key of 224 bits/],
    [{ usages: ['server'] }, /unknown usage "server"/],
    [{ secretName: '' }, /has no secretName/],
    [{ dnsNames: ['ümlaut'] }, /which is no plain ASCII text/],
  ];
  test.each(cases)('%j', async (spec, message) => {
    const issued = authority().issue(leaf(spec));
    await expect(issued).rejects.toThrow(message);
    await expect(issued).rejects.toBeInstanceOf(IssuanceError);
  });
});

describe('identity', () => {
  const identity = async (spec: object): Promise<unknown> =>
    peerIdentity(chainOf((await authority().issue(leaf(spec))).chain)[0]?.raw ?? new Uint8Array());

  test('is the one SPIFFE ID, whatever other URIs there are', async () => {
    expect(await identity({ uris: ['https://example.com', ID] })).toEqual({ spiffeId: ID });
  });
  test('is nobody without a SPIFFE ID, whatever the common name says', async () => {
    expect(await identity({ uris: [], commonName: ID })).toEqual({ problem: 'its certificate has no SPIFFE ID' });
  });
  test('is nobody with two SPIFFE IDs', async () => {
    expect(await identity({ uris: [ID, `${ID}2`] })).toEqual({ problem: 'its certificate has 2 SPIFFE IDs, expected one' });
  });
  test('is not taken from a DNS name that spells a URI', async () => {
    expect(await identity({ uris: [], dnsNames: [`x, URI:${ID}`] })).toEqual({ problem: 'its certificate has no SPIFFE ID' });
  });
  test('is nobody with a SPIFFE ID that is none', async () => {
    expect(await identity({ uris: ['SPIFFE://td.example/a'] })).toEqual({ problem: 'its SPIFFE ID must start with spiffe://' });
  });
});

test('dev certificates are for the loopback interface too, and hold no root in tls.crt', async () => {
  const files = await devCertificates(authority(true), leaf());
  const chain = chainOf(files['tls.crt']);
  expect(chain).toHaveLength(2);
  expect(chain[0]?.subjectAltName).toBe(`DNS:b.a.svc, DNS:localhost, URI:${ID}, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1`);
  expect(files['tls.crt']).not.toContain(files['ca.crt'].trim());
  expect(files['tls.key']).toMatch(/^-----BEGIN PRIVATE KEY-----/);
});

test('a credential shows its key to nobody who does not ask for it', async () => {
  const credential = await authority().issue(leaf());
  expect(JSON.stringify(credential) + inspect(credential, { depth: 9, showHidden: true })).not.toContain('PRIVATE KEY');
});
