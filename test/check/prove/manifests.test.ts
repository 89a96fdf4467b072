import { checkManifests, type ManifestFinding } from '../../../lib/check/prove/index.js';
import { ObjectSet } from '../../../lib/objects/index.js';
import { formatManifestFindings } from '../../../lib/report/index.js';
import { changePolicy, find, type MutableObject, shopObjects, shopPlan } from './shop.js';

const spiffe = (name: string): string => `spiffe://shop.example/ns/shop/sa/${name}`;

function findingsAfter(change: (objects: MutableObject[]) => void): readonly ManifestFinding[] {
  const objects = shopObjects();
  change(objects);
  return checkManifests(ObjectSet.from(objects), shopPlan());
}

const summary = ({ code, layer, service, object, path, found, expected }: ManifestFinding): unknown => ({
  code,
  layer,
  service,
  at: `${object} ${path}`.trimEnd(),
  found,
  expected,
});

test('manifests as declared have no finding', () => {
  expect(findingsAfter(() => {})).toEqual([]);
  expect(formatManifestFindings([], shopPlan())).toContain('as declared: 3 services, 2 declared calls');
});

describe('a changed field of a Certificate is found, although every handshake would still work', () => {
  const spec = (objects: MutableObject[], name = 'cart-tls') => find(objects, 'Certificate', name).spec;
  const cases: [string, (objects: MutableObject[]) => void, string, string, string][] = [
    ['duration', o => (spec(o).duration = '8760h'), 'spec.duration', '8760h0m0s', '2160h0m0s'],
    ['renewBefore', o => delete spec(o).renewBefore, 'spec.renewBefore', 'unset', '360h0m0s'],
    ['usages', o => spec(o).usages.push('code signing'), 'spec.usages', usages('code signing'), usages()],
    ['issuerRef', o => (spec(o).issuerRef.kind = 'Issuer'), 'spec.issuerRef', issuer('Issuer'), issuer('ClusterIssuer')],
    ['a further DNS name', o => spec(o).dnsNames.push('admin'), 'spec.dnsNames', `admin, ${dnsNames()}`, dnsNames()],
    ['a further URI', o => spec(o).uris.push('https://x'), 'spec.uris', `https://x, ${spiffe('cart')}`, spiffe('cart')],
    ['commonName', o => (spec(o).commonName = 'root'), 'spec.commonName', 'root', 'unset'],
    ['key algorithm', o => (spec(o).privateKey.algorithm = 'RSA'), 'spec.privateKey.algorithm', 'RSA', 'ECDSA'],
    ['rotation policy', o => (spec(o).privateKey.rotationPolicy = 'Never'), 'spec.privateKey.rotationPolicy', 'Never', 'Always'],
    ['isCA', o => (spec(o).isCA = true), 'spec.isCA', 'true', 'false'],
    ['an e-mail address', o => (spec(o).emailAddresses = ['a@b.c']), 'spec.emailAddresses', 'a@b.c', 'none'],
  ];
  test.each(cases)('%s', (_name, change, path, found, expected) => {
    expect(findingsAfter(change).map(finding => [finding.code, finding.path, finding.found, finding.expected])).toEqual([
      ['certificate-field', path, found, expected],
    ]);
  });

  test('the same duration in another form is no difference', () => {
    expect(findingsAfter(objects => Object.assign(spec(objects), { duration: '129600m' }))).toEqual([]);
  });

  test('a shorter life of the root', () => {
    const [finding] = findingsAfter(objects => Object.assign(spec(objects, 'shop-root-ca'), { duration: '2160h' }));
    expect(finding).toMatchObject({ object: 'Certificate cert-manager/shop-root-ca', path: 'spec.duration', layer: 'issuance' });
  });
});

test('a missing Certificate and a missing policy are found', () => {
  const findings = findingsAfter(objects => {
    for (const [kind, name] of [
      ['Certificate', 'web-tls'],
      ['ConfigMap', 'web-mtls-policy'],
    ] as const) {
      objects.splice(objects.indexOf(find(objects, kind, name)), 1);
    }
  });
  expect(findings.map(({ code, object, found }) => `${code} ${object} ${found}`)).toEqual([
    'certificate-missing Certificate shop/web-tls nothing',
    'policy-missing ConfigMap shop/web-mtls-policy nothing',
  ]);
});

test('a Certificate that nobody planned is found when the authority signs it, even without a label of the fleet', () => {
  const findings = findingsAfter(objects => {
    const extra = structuredClone(find(objects, 'Certificate', 'web-tls'));
    Object.assign(extra, { metadata: { name: 'intruder', namespace: 'shop' } });
    Object.assign(extra.spec, { secretName: 'intruder', uris: [spiffe('intruder')] });
    objects.push(extra);
  });
  expect(findings.map(({ code, object }) => `${code} ${object}`)).toEqual(['certificate-unexpected Certificate shop/intruder']);
});

test('two Certificates with one Secret or one SPIFFE ID are found', () => {
  const findings = findingsAfter(objects => {
    const { spec } = find(objects, 'Certificate', 'web-tls');
    spec.secretName = 'cart-tls';
    spec.uris = [spiffe('cart')];
  });
  expect(findings.map(({ code, object }) => `${code} ${object}`)).toEqual([
    'certificate-field Certificate shop/web-tls',
    'certificate-field Certificate shop/web-tls',
    'secret-name-duplicate Certificate shop/web-tls',
    'spiffe-id-duplicate Certificate shop/web-tls',
  ]);
});

test('an issuer with another Secret is found', () => {
  const findings = findingsAfter(objects =>
    Object.assign(find(objects, 'ClusterIssuer', 'shop-ca-issuer').spec.ca, { secretName: 'other' }),
  );
  expect(findings.map(summary)).toEqual([
    {
      code: 'issuer-field',
      layer: 'issuance',
      service: undefined,
      at: 'ClusterIssuer shop-ca-issuer spec.ca.secretName',
      found: 'other',
      expected: 'shop-root-ca',
    },
  ]);
});

describe('a policy.json that is not the declared graph is found with its call', () => {
  const cases: [string, (objects: MutableObject[]) => void, string, string | undefined][] = [
    ['a caller less', o => changePolicy(o, 'ledger', p => void p.server[0]?.allow.pop()), 'policy-caller-missing', 'cart ledger:grpc'],
    [
      'a caller more',
      o => changePolicy(o, 'ledger', p => void p.server[0]?.allow.push({ spiffeId: spiffe('web'), mode: 'strict' })),
      'policy-caller-unexpected',
      'web ledger:grpc',
    ],
    ['a call less', o => changePolicy(o, 'web', p => void p.client.pop()), 'policy-callee-missing', 'web cart:https'],
    [
      'a call with another host',
      o => changePolicy(o, 'web', p => void Object.assign(p.client[0] ?? {}, { host: 'x' })),
      'policy-field',
      'web cart:https',
    ],
    [
      'a port in another mode',
      o => changePolicy(o, 'cart', p => void Object.assign(p.server[0] ?? {}, { mode: 'audit' })),
      'policy-field',
      undefined,
    ],
    ['a port less', o => changePolicy(o, 'cart', p => void p.server.pop()), 'policy-port-missing', undefined],
    [
      'a port more',
      o => changePolicy(o, 'cart', p => void p.server.push({ name: 'debug', port: 1, mode: 'strict', allow: [] })),
      'policy-port-unexpected',
      undefined,
    ],
    [
      'another version',
      o => (find(o, 'ConfigMap', 'cart-mtls-policy').data['policy.json'] = '{"version":2}'),
      'policy-unreadable',
      undefined,
    ],
  ];
  test.each(cases)('%s', (_name, change, code, edge) => {
    const findings = findingsAfter(change);
    expect(findings.map(finding => finding.code)).toEqual([code]);
    const [finding] = findings;
    expect(finding?.edge && `${finding.edge.caller} ${finding.edge.callee}:${finding.edge.port}`).toBe(edge);
    expect(finding?.layer).toBe('identity');
  });
});

test('the report names file, line, found and expected', () => {
  const findings = findingsAfter(objects => changePolicy(objects, 'ledger', policy => void policy.server[0]?.allow.pop()));
  expect(formatManifestFindings(findings, shopPlan())).toBe(
    [
      'manifests of fleet shop, environment dev',
      '',
      '1 finding',
      '  !! <memory>:9 ConfigMap shop/ledger-mtls-policy data["policy.json"].server[0].allow',
      '     layer identity (policy-caller-missing), call cart → ledger:grpc',
      '     found     nothing',
      `     expected  ${spiffe('cart')}`,
      '',
      '',
    ].join('\n'),
  );
});

function usages(...further: string[]): string {
  return [...further, 'client auth', 'digital signature', 'key encipherment', 'server auth'].sort().join(', ');
}

function issuer(kind: string): string {
  return `${kind} shop-ca-issuer of cert-manager.io`;
}

function dnsNames(): string {
  return 'cart, cart.shop, cart.shop.svc, cart.shop.svc.cluster.local';
}
