import { Identity } from '../../lib/constructs/identity';
import type { Plan } from '../../lib/fleet/plan';
import { sentinelPlan, withService } from './_plan';
import { byName, named, synth } from './_synth';

const objectsOf = (plan: Plan) => synth(chart => new Identity(chart, 'identity', { plan }));

describe('the identity plane', () => {
  test('has one certificate a service, whose Secret has the same name', () => {
    const plan = sentinelPlan();
    const certificates = byName(objectsOf(plan), 'Certificate');
    expect(Object.keys(certificates)).toEqual(plan.services.map(service => `${service.name}-tls`));
    for (const [name, { spec }] of Object.entries(certificates)) expect(spec.secretName).toBe(name);
    expect(Object.values(certificates)).toMatchSnapshot();
  });

  test('writes out what cert-manager would fill in', () => {
    const { spec } = named(objectsOf(sentinelPlan()), 'Certificate', 'control-api-tls');
    expect([spec.duration, spec.renewBefore]).toEqual(['2160h0m0s', '360h0m0s']);
    expect(spec.privateKey).toEqual({ algorithm: 'RSA', size: 2048, encoding: 'PKCS8', rotationPolicy: 'Always' });
    expect(spec.issuerRef).toEqual({ name: 'sentinel-ca-issuer', kind: 'ClusterIssuer', group: 'cert-manager.io' });
    expect(spec.revisionHistoryLimit).toBe(1);
  });

  test('names a service by DNS and by SPIFFE ID, without a common name unless one was asked for', () => {
    const plain = named(objectsOf(sentinelPlan()), 'Certificate', 'control-api-tls').spec;
    expect(plain.uris).toEqual(['spiffe://sentinel.internal/ns/sentinel-system/sa/control-api']);
    expect(plain.dnsNames).toContain('control-api.sentinel-system.svc.cluster.local');
    expect(plain).not.toHaveProperty('commonName');

    const plan = withService(sentinelPlan(), 'control-api', found => ({
      ...found,
      certificate: { ...found.certificate, commonName: 'control-api', subject: { organizations: ['Sentinel'] } },
    }));
    const asked = named(objectsOf(plan), 'Certificate', 'control-api-tls').spec;
    expect([asked.commonName, asked.subject]).toEqual(['control-api', { organizations: ['Sentinel'] }]);
  });

  test('gives who only calls no right to serve', () => {
    const { spec } = named(objectsOf(sentinelPlan()), 'Certificate', 'nightly-report-tls');
    expect(spec.usages).toEqual(['digital signature', 'key encipherment', 'client auth']);
  });

  test('labels the Secrets, which stay when a certificate goes', () => {
    for (const object of objectsOf(sentinelPlan())) {
      expect(object.spec.secretTemplate.labels).toMatchObject({ 'sentinel-mtls.io/fleet': 'sentinel' });
      expect(object.spec.secretTemplate.labels).toEqual(object.metadata.labels);
    }
  });

  test('leaves out the size of a key that has none', () => {
    const plan = withService(sentinelPlan(), 'ledger', found => ({
      ...found,
      certificate: { ...found.certificate, key: { algorithm: 'Ed25519', size: undefined, encoding: 'PKCS8', rotationPolicy: 'Always' } },
    }));
    expect(named(objectsOf(plan), 'Certificate', 'ledger-tls').spec.privateKey).not.toHaveProperty('size');
  });
});

describe('a public certificate', () => {
  const plan = withService(sentinelPlan(), 'control-api', found => ({
    ...found,
    publicCertificate: {
      secretName: 'control-api-public-tls',
      dnsNames: ['api.example.com'],
      usages: ['digital signature', 'server auth'],
    },
  }));

  test('comes from the public authority and can only serve', () => {
    const issuerRef = { name: 'sentinel-public-issuer', kind: 'ClusterIssuer', group: 'cert-manager.io' };
    const publicAuthority = { issuerRef, server: 'https://acme.example.com', email: 'ops@example.com', profile: undefined, solvers: [] };
    const { spec } = named(objectsOf({ ...plan, publicAuthority }), 'Certificate', 'control-api-public-tls');
    expect(spec).toMatchObject({ issuerRef, dnsNames: ['api.example.com'], usages: ['digital signature', 'server auth'] });
    expect(spec).not.toHaveProperty('duration');
  });

  test('is refused where the environment has no public authority', () => {
    expect(() => objectsOf(plan)).toThrow('service "control-api" has a public certificate, but environment "dev" has no public authority');
  });
});
