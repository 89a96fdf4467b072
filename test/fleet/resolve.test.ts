import { join } from 'node:path';
import { defineFleet, type Fleet, loadFleet, type Plan, parseFleet, resolve } from '../../lib/fleet/index.js';

const ROOT = join(__dirname, '..', '..');

function minimal(extra: Partial<Fleet> = {}): Fleet {
  return {
    fleet: 'shop',
    namespace: 'shop',
    trustDomain: 'shop.internal',
    environments: { dev: { authority: { selfSigned: {} } } },
    services: {
      web: { image: 'web:1', calls: ['orders:https'] },
      orders: { image: 'orders:1', ports: { https: { port: 8443, protocol: 'https' } } },
    },
    ...extra,
  };
}

const service = (plan: Plan, name: string) => {
  const found = plan.services.find(candidate => candidate.name === name);
  if (found === undefined) throw new Error(`no service ${name}`);
  return found;
};

describe('the Sentinel fleet', () => {
  const fleet = loadFleet(join(ROOT, 'fleet.yaml'));

  test.each(['dev', 'staging', 'prod'])('%s has the certificates of the guide', environment => {
    const plan = resolve(fleet, environment);
    expect(plan.services.map(({ name, certificate }) => [name, certificate.secretName, certificate.commonName])).toEqual(
      ['control-api', 'infra-adapter', 'node-agent', 'pipeline-controller'].map(name => [
        name,
        `${name}-tls`,
        `${name}.sentinel-system.svc.cluster.local`,
      ]),
    );
    for (const { certificate, spiffeId } of plan.services) {
      expect(certificate.durationSeconds).toBe(2160 * 3600);
      expect(certificate.renewBeforeSeconds).toBe(360 * 3600);
      expect(certificate.key).toEqual({ algorithm: 'RSA', size: 2048, encoding: 'PKCS8', rotationPolicy: 'Always' });
      expect([...certificate.usages].sort()).toEqual(['client auth', 'digital signature', 'key encipherment', 'server auth']);
      expect(certificate.uris).toEqual([spiffeId]);
    }
    expect(service(plan, 'node-agent').certificate.dnsNames).toContain('*.sentinel-system.svc.cluster.local');
    expect(service(plan, 'control-api').certificate.dnsNames).toEqual([
      'control-api',
      'control-api.sentinel-system',
      'control-api.sentinel-system.svc',
      'control-api.sentinel-system.svc.cluster.local',
    ]);
  });

  test('calls are those of the guide', () => {
    expect(resolve(fleet, 'dev').edges.map(({ caller, callee }) => `${caller} → ${callee}`)).toEqual([
      'control-api → pipeline-controller',
      'infra-adapter → pipeline-controller',
      'node-agent → control-api',
      'pipeline-controller → control-api',
      'pipeline-controller → infra-adapter',
    ]);
  });

  test('each environment has an authority of its own', () => {
    expect(['dev', 'staging', 'prod'].map(environment => resolve(fleet, environment).authority)).toMatchObject([
      {
        kind: 'selfSigned',
        root: { secretName: 'sentinel-ca-secret', namespace: 'cert-manager', durationSeconds: 87600 * 3600 },
        intermediate: undefined,
      },
      { kind: 'selfSigned', root: { secretName: 'sentinel-root-ca-secret' }, intermediate: { secretName: 'sentinel-ca-secret' } },
      { kind: 'vault' },
    ]);
  });
});

describe('defaults', () => {
  test('usages follow from the calls', () => {
    const plan = resolve(minimal(), 'dev');
    expect(service(plan, 'web').certificate.usages).toEqual(['digital signature', 'key encipherment', 'client auth']);
    expect(service(plan, 'orders').certificate.usages).toEqual(['digital signature', 'key encipherment', 'server auth']);
  });

  test('a certificate has no common name and is renewed a third before its end when 360h is too much', () => {
    const { certificate } = service(resolve(minimal({ certificates: { duration: '24h' } }), 'dev'), 'web');
    expect(certificate.commonName).toBeUndefined();
    expect(certificate.renewBeforeSeconds).toBe(8 * 3600);
  });

  test('a CA is renewed while everything that it signed can still live out its time', () => {
    const { authority } = resolve(minimal({ certificates: { duration: '100h' } }), 'dev');
    expect(authority).toMatchObject({
      kind: 'selfSigned',
      root: { renewBeforeSeconds: 360_000, key: { algorithm: 'RSA', size: 4096, rotationPolicy: 'Never' } },
    });
  });
});

test('the nearest setting wins, field by field', () => {
  const fleet = minimal({
    certificates: { duration: '100h', renewBefore: '10h' },
    environments: {
      dev: { authority: { selfSigned: {} }, certificates: { duration: '200h' }, services: { web: { certificate: { duration: '300h' } } } },
    },
  });
  const plan = resolve(fleet, 'dev');
  expect(service(plan, 'web').certificate).toMatchObject({ durationSeconds: 300 * 3600, renewBeforeSeconds: 36_000 });
  expect(service(plan, 'orders').certificate).toMatchObject({ durationSeconds: 200 * 3600, renewBeforeSeconds: 36_000 });
});

test('who may call one of two ports with one listener may call both, and the plan says so', () => {
  const fleet = minimal({
    services: {
      web: { image: 'web:1', calls: ['orders:https'] },
      orders: { image: 'o:1', ports: { https: { port: 443, targetPort: 8443 }, alt: { port: 8443, targetPort: 8443 } } },
    },
  });
  expect(resolve(fleet, 'dev').edges.map(edge => edge.port)).toEqual(['alt', 'https']);
});

test('a headless StatefulSet has a name per pod', () => {
  const fleet = minimal({
    services: { db: { image: 'db:1', workload: 'StatefulSet', replicas: 2, ports: { tcp: { port: 5432 } }, calls: ['db:tcp'] } },
  });
  expect(service(resolve(fleet, 'dev'), 'db').certificate.dnsNames.slice(4)).toEqual([
    'db-0.db.shop.svc.cluster.local',
    'db-1.db.shop.svc.cluster.local',
  ]);
});

test('an environment that does not exist is named together with those that do', () => {
  expect(() => resolve(minimal(), 'prod')).toThrow('fleet "shop" has no environment "prod": it has dev');
});

test('an unchecked fleet is checked before anything is decided', () => {
  expect(() => resolve(minimal({ namespace: 'Not A Label' }), 'dev')).toThrow('namespace is "Not A Label", which is no DNS label');
});

test('the same fleet in TypeScript and in YAML gives the same plan', () => {
  const typed = defineFleet({
    fleet: 'shop',
    namespace: 'shop',
    trustDomain: 'shop.internal',
    environments: { dev: { authority: { selfSigned: {} } } },
    services: {
      web: { image: 'web:1', calls: ['orders:https', 'mail:smtp'] },
      orders: { image: 'orders:1', ports: { https: { port: 8443, protocol: 'https' } } },
    },
    externals: { mail: { at: { cidrs: ['203.0.113.7/32'] }, ports: { smtp: { port: 587 } } } },
  });
  const written = parseFleet(
    `fleet: shop
namespace: shop
trustDomain: shop.internal
environments: { dev: { authority: { selfSigned: {} } } }
services:
  web: { image: "web:1", calls: ["orders:https", "mail:smtp"] }
  orders: { image: "orders:1", ports: { https: { port: 8443, protocol: https } } }
externals: { mail: { at: { cidrs: [203.0.113.7/32] }, ports: { smtp: { port: 587 } } } }
`,
    'fleet.yaml',
  );
  expect(resolve(typed, 'dev')).toEqual(resolve(written, 'dev'));
});

test('a percentage that is written for a service beats a renewBefore that is written for all', () => {
  const fleet = minimal({
    certificates: { renewBefore: '360h' },
    environments: { dev: { authority: { selfSigned: {} }, services: { web: { certificate: { renewBeforePercentage: 33 } } } } },
  });
  const plan = resolve(fleet, 'dev');
  expect(service(plan, 'web').certificate).toMatchObject({ renewBeforeSeconds: undefined, renewBeforePercentage: 33 });
  expect(service(plan, 'orders').certificate).toMatchObject({ renewBeforeSeconds: 1_296_000, renewBeforePercentage: undefined });
});

test('an exception stands beside the range that holds it', () => {
  const fleet = minimal({
    externals: {
      db: { at: { cidrs: ['10.0.0.0/16', '192.168.0.0/16', '2001:db8::/32'], except: ['10.0.1.0/24'] }, ports: { tcp: { port: 5432 } } },
    },
  });
  expect(resolve(fleet, 'dev').externals[0]?.peers).toEqual([
    { cidr: '10.0.0.0/16', except: ['10.0.1.0/24'] },
    { cidr: '192.168.0.0/16', except: [] },
    { cidr: '2001:db8::/32', except: [] },
  ]);
});
