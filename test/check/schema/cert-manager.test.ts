import { admissionProblems } from '../../../lib/check/schema/cert-manager.js';
import { checkObject } from '../../../lib/check/schema/index.js';

type Spec = Readonly<Record<string, unknown>>;
const certificate = (spec: Spec) => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { name: 'a', namespace: 'b' },
  spec: { secretName: 'a-tls', issuerRef: { name: 'root', kind: 'ClusterIssuer' }, dnsNames: ['a.b.svc'], ...spec },
});
const issuer = (spec: Spec) => ({ apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer', metadata: { name: 'root' }, spec });
const vault = (rest: Spec) => ({
  vault: { server: 'https://vault', path: 'pki/sign/leaf', auth: { tokenSecretRef: { name: 'token' } }, ...rest },
});
const places = (object: object) => checkObject(object).map(({ kind, path }) => `${kind} ${path.join('.')}`);

describe('a Certificate is accepted', () => {
  test.each<[string, Spec]>([
    ['as short as can be', {}],
    ['at the shortest duration', { duration: '1h', renewBefore: '5m' }],
    ['with a percentage that holds in both readings', { duration: '24h', renewBeforePercentage: 33 }],
    ['of 64 bytes of common name', { commonName: 'x'.repeat(64) }],
    ['with an IPv6 address', { ipAddresses: ['2001:db8::1'] }],
    ['with an escaped comma in its subject', { literalSubject: 'CN=a\\,b,O=Example\\2C Inc,1.2.3=x' }],
    ['with constraints of an authority', { isCA: true, nameConstraints: { permitted: { ipRanges: ['10.0.0.0/8', '2001:db8::/32'] } } }],
    [
      'with a renewal window',
      { renewal: { policy: 'RenewBefore', windows: [{ cron: '*/5 2-4 * JAN,mar 1-5', windowDuration: '1h', timezone: 'Europe/Berlin' }] } },
    ],
    ['of an issuer of another group', { issuerRef: { name: 'x', kind: 'AWSPCAClusterIssuer', group: 'awspca.cert-manager.io' } }],
  ])('%s', (_, spec) => {
    expect(places(certificate(spec))).toEqual([]);
  });
});

describe('a Certificate is refused', () => {
  test.each<[string, Spec, string[]]>([
    ['with days in its duration', { duration: '90d' }, ['invalid spec.duration']],
    ['shorter than an hour', { duration: '59m' }, ['invalid spec.duration']],
    ['renewed less than five minutes before', { renewBefore: '4m59s' }, ['invalid spec.renewBefore']],
    ['renewed before it is issued', { duration: '24h', renewBefore: '24h' }, ['invalid spec.renewBefore']],
    [
      'with two times of renewal',
      { renewBefore: '1h', renewBeforePercentage: 50 },
      ['invalid spec.renewBefore', 'invalid spec.renewBeforePercentage'],
    ],
    ['with 5 % of one hour, which 1.21 accepts', { duration: '1h', renewBeforePercentage: 5 }, ['invalid spec.renewBeforePercentage']],
    ['with 95 % of one hour, which 1.22 accepts', { duration: '1h', renewBeforePercentage: 95 }, ['invalid spec.renewBeforePercentage']],
    [
      'with a percentage of 100 alone, which the webhook does not look at',
      { renewBeforePercentage: 100 },
      ['invalid spec.renewBeforePercentage'],
    ],
    ['that names nobody', { dnsNames: [] }, ['invalid spec']],
    ['of 65 bytes of common name in 33 characters', { commonName: `x${'ä'.repeat(32)}` }, ['tooLong spec.commonName']],
    ['with a zone in its address', { ipAddresses: ['fe80::1%eth0'] }, ['invalid spec.ipAddresses.0']],
    ['with a name before its e-mail address', { emailAddresses: ['A <a@b.c>'] }, ['invalid spec.emailAddresses.0']],
    ['with a Secret name in capitals', { secretName: 'Tls' }, ['invalid spec.secretName']],
    ['of an issuer kind without its group', { issuerRef: { name: 'x', kind: 'AWSPCAClusterIssuer' } }, ['invalid spec.issuerRef.kind']],
    ['with an RSA key of 1024 bits', { privateKey: { size: 1024 } }, ['invalid spec.privateKey.size']],
    ['on an unknown curve', { privateKey: { algorithm: 'ECDSA', size: 255 } }, ['notSupported spec.privateKey.size']],
    [
      'signed by another kind of key',
      { privateKey: { algorithm: 'ECDSA' }, signatureAlgorithm: 'SHA256WithRSA' },
      ['invalid spec.signatureAlgorithm'],
    ],
    ['with constraints of no authority', { nameConstraints: { excluded: { dnsDomains: ['x'] } } }, ['invalid spec.nameConstraints']],
    [
      'with two subjects',
      { literalSubject: 'O=a', commonName: 'b', subject: { countries: ['DE'] } },
      ['invalid spec.commonName', 'invalid spec.subject'],
    ],
    ['with an unknown attribute', { literalSubject: 'CN=a,FOO=b' }, ['invalid spec.literalSubject']],
    ['with half a subject', { literalSubject: 'CN=a,b' }, ['invalid spec.literalSubject']],
    [
      "with cert-manager's annotation",
      { secretTemplate: { annotations: { 'cert-manager.io/x': 'y' } } },
      ['invalid spec.secretTemplate.annotations.cert-manager.io/x'],
    ],
    ['with a broken label', { secretTemplate: { labels: { a: 'b=c' } } }, ['invalid spec.secretTemplate.labels.a']],
    [
      'with an output twice',
      { additionalOutputFormats: [{ type: 'DER' }, { type: 'DER' }] },
      ['duplicate spec.additionalOutputFormats.1.type'],
    ],
    ['with a keystore without a password', { keystores: { jks: { create: true } } }, ['forbidden spec.keystores.jks']],
    [
      'with windows that never open',
      { renewal: { policy: 'Disabled', windows: [{ cron: '0 0 * * *', windowDuration: '1h' }] } },
      ['forbidden spec.renewal.windows'],
    ],
    [
      'with six fields of cron',
      { renewal: { policy: 'RenewBefore', windows: [{ cron: '0 0 0 * * *', windowDuration: '1h' }] } },
      ['invalid spec.renewal.windows.0.cron'],
    ],
  ])('%s', (_, spec, expected) => {
    expect(places(certificate(spec))).toEqual(expected);
  });

  test('once for what both the schema and the webhook refuse', () => {
    expect(places(certificate({ secretName: undefined }))).toEqual(['required spec.secretName']);
    expect(places(certificate({ issuerRef: undefined }))).toEqual(['required spec.issuerRef']);
    expect(places(certificate({ revisionHistoryLimit: 0 }))).toEqual(['invalid spec.revisionHistoryLimit']);
  });

  test('with the duration that was meant', () => {
    expect(checkObject(certificate({ duration: '90d' }))[0]).toMatchObject({ found: '"90d"', expected: '2160h' });
  });

  test('without showing its keystore password', () => {
    const spec = { keystores: { pkcs12: { create: true, password: 'hunter2', passwordSecretRef: { name: 'x', key: 'y' } } } };
    expect(places(certificate(spec))).toEqual(['forbidden spec.keystores.pkcs12']);
    expect(JSON.stringify(checkObject(certificate(spec)))).not.toContain('hunter2');
  });
});

describe('an issuer is accepted', () => {
  test.each<[string, Spec]>([
    ['self-signed', { selfSigned: {} }],
    ['of a CA', { ca: { secretName: 'root' } }],
    ['of Vault with a ServiceAccount', vault({ auth: { kubernetes: { role: 'r', serviceAccountRef: { name: 'cm' } } } })],
  ])('%s', (_, spec) => {
    expect(places(issuer(spec))).toEqual([]);
  });
});

describe('an issuer is refused', () => {
  test.each<[string, Spec, string[]]>([
    ['without a type', {}, ['required spec']],
    ['with two types', { ca: { secretName: 'a' }, selfSigned: {} }, ['forbidden spec.selfSigned']],
    ['with an empty OCSP URL', { ca: { secretName: 'a', ocspServers: [''] } }, ['invalid spec.ca.ocspServers.0']],
    ['that escapes its Vault mount', vault({ path: 'pki/../sys/seal' }), ['invalid spec.vault.path']],
    ['with a client certificate without its key', vault({ clientCertSecretRef: { name: 'a' } }), ['invalid spec.vault.clientKeySecretRef']],
    ['with a CA bundle without a certificate', vault({ caBundle: 'aW52YWxpZA==' }), ['invalid spec.vault.caBundle']],
    ['with no way to log in', vault({ auth: {} }), ['required spec.vault.auth']],
    [
      'with two ServiceAccount tokens',
      vault({ auth: { kubernetes: { role: 'r', serviceAccountRef: { name: 'a' }, secretRef: { name: 'b' } } } }),
      ['forbidden spec.vault.auth.kubernetes'],
    ],
    [
      'with two Venafi products',
      { venafi: { zone: 'z', tpp: { url: 'u', credentialsRef: { name: 'c' } }, cloud: { apiTokenSecretRef: { name: 'c' } } } },
      ['forbidden spec.venafi'],
    ],
    [
      'with a solver of no kind',
      { acme: { server: 'u', privateKeySecretRef: { name: 'k' }, solvers: [{}] } },
      ['required spec.acme.solvers.0'],
    ],
  ])('%s', (_, spec, expected) => {
    expect(places(issuer(spec))).toEqual(expected);
  });
});

test('the rules read an object of wrong types without a crash', () => {
  const nonsense = {
    secretName: 1,
    issuerRef: [],
    dnsNames: 'x',
    duration: {},
    privateKey: 'RSA',
    usages: 3,
    keystores: { jks: true },
    renewal: [],
  };
  expect(admissionProblems('cert-manager.io/v1', 'Certificate', { spec: nonsense }).length).toBeGreaterThan(0);
  expect(admissionProblems('cert-manager.io/v1', 'Issuer', { spec: 'x' }).length).toBeGreaterThan(0);
  expect(admissionProblems('cert-manager.io/v1', 'Certificate', {})).toEqual([]);
});
