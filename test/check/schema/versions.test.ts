import { checkObject } from '../../../lib/check/schema/index.js';

const MINORS = [18, 19, 20, 21];

const certificate = (spec: object) => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { name: 'a', namespace: 'b' },
  spec: { secretName: 'a', dnsNames: ['a.b.svc'], issuerRef: { name: 'ca' }, ...spec },
});
const issuer = (spec: object) => ({ apiVersion: 'cert-manager.io/v1', kind: 'Issuer', metadata: { name: 'a', namespace: 'b' }, spec });
const acme = (solver: object) =>
  issuer({ acme: { server: 'https://acme.example', privateKeySecretRef: { name: 'k' }, solvers: [solver] } });
const vault = (path: string, auth: object) => issuer({ vault: { server: 'https://vault.example', path, auth } });
const token = { tokenSecretRef: { name: 't' } };

/** For each object the minor versions whose webhook and CRD accept it, by their sources. */
const MATRIX: readonly [string, object, readonly number[]][] = [
  ['a plain Certificate', certificate({}), MINORS],
  [
    'rotationPolicy and signatureAlgorithm',
    certificate({ privateKey: { rotationPolicy: 'Always' }, signatureAlgorithm: 'SHA256WithRSA' }),
    MINORS,
  ],
  ['otherNames, whose gate opened in 1.20', certificate({ otherNames: [{ oid: '1.2.3', utf8Value: 'x' }] }), [20, 21]],
  ['renewal', certificate({ renewal: { policy: 'RenewBefore' } }), [21]],
  [
    'renewal Disabled with windows',
    certificate({ renewal: { policy: 'Disabled', windows: [{ cron: '0 1 * * *', windowDuration: '1h' }] } }),
    [],
  ],
  [
    'a Modern2023 keystore',
    certificate({ keystores: { pkcs12: { create: true, profile: 'Modern2023', passwordSecretRef: { name: 'p', key: 'k' } } } }),
    MINORS,
  ],
  [
    'a Modern2026 keystore',
    certificate({ keystores: { pkcs12: { create: true, profile: 'Modern2026', passwordSecretRef: { name: 'p', key: 'k' } } } }),
    [21],
  ],
  ['a Vault path with ..', vault('pki/../sign/x', token), [18, 19, 20]],
  ['Vault login by AWS', vault('pki/sign/x', { aws: { role: 'r' } }), [21]],
  ['Venafi NGTS', issuer({ venafi: { zone: 'z', ngts: { tsgID: '1', credentialsRef: { name: 'c' } } } }), [21]],
  ['waitInsteadOfSelfCheck', acme({ waitInsteadOfSelfCheck: '10s', http01: { ingress: {} } }), [21]],
  ['a negative waitInsteadOfSelfCheck', acme({ waitInsteadOfSelfCheck: '-10s', http01: { ingress: {} } }), []],
  ['rfc2136.protocol', acme({ dns01: { rfc2136: { nameserver: '1.2.3.4', protocol: 'TCP' } } }), [19, 20, 21]],
  [
    'azureDNS.zoneType',
    acme({ dns01: { azureDNS: { resourceGroupName: 'g', subscriptionID: 's', zoneType: 'AzurePublicZone' } } }),
    [20, 21],
  ],
  ['two choices of ingress', acme({ http01: { ingress: { class: 'nginx', name: 'a' } } }), [18]],
  ['three choices of ingress', acme({ http01: { ingress: { class: 'nginx', name: 'a', ingressClassName: 'n' } } }), []],
  ['a gateway without parents', acme({ http01: { gatewayHTTPRoute: {} } }), [20, 21]],
  ['a gateway with a parent without kind', acme({ http01: { gatewayHTTPRoute: { parentRefs: [{ name: 'g' }] } } }), [18, 19]],
];

test.each(MATRIX)('%s', (_, object, accepted) => {
  expect(MINORS.filter(certManager => checkObject(object, { certManager }).length === 0)).toEqual(accepted);
});

test('without a version the newest one counts', () => {
  expect(checkObject(certificate({ renewal: { policy: 'RenewBefore' } }))).toEqual([]);
});

test('the problem names the version that is needed', () => {
  const [problem] = checkObject(certificate({ renewal: { policy: 'RenewBefore' } }), { certManager: 20 });
  expect(problem).toMatchObject({
    path: ['spec', 'renewal'],
    message: '"renewal" needs cert-manager 1.21',
    expected: 'nothing of it in 1.20',
  });
});
