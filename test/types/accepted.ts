import { defineFleet } from '../../lib/fleet/index.js';

/** Everything that a typed fleet may say: it has to compile, or the types forbid what the format allows. */
export const fleet = defineFleet({
  fleet: 'shop',
  namespace: 'shop',
  trustDomain: 'shop.example',
  mode: 'strict',
  certificates: { duration: '2160h', key: { algorithm: 'ECDSA', size: 384 }, usages: ['digital signature', 'server auth', 'client auth'] },
  environments: {
    dev: { authority: { selfSigned: {} } },
    test: { authority: { sameAs: 'dev' } },
    prod: {
      authority: {
        vault: { server: 'https://vault.example.com', path: 'pki/sign/shop', auth: { kubernetes: { role: 'shop' } } },
        roots: { configMap: 'shop-root' },
      },
      issuance: true,
      services: { api: { replicas: 3, mode: 'strict' } },
    },
  },
  services: {
    api: {
      image: 'registry.example/api:1',
      ports: { https: { port: 8443, protocol: 'https' }, metrics: { port: 9090, protocol: 'metrics' } },
      calls: ['cart:grpc', { to: 'postgres:tcp' }],
    },
    cart: {
      image: 'registry.example/cart:1',
      ports: { grpc: { port: 50051, protocol: 'grpc' } },
    },
    // a client only: no ports, and a call to a service that is declared before it
    job: { workload: 'CronJob', schedule: '0 3 * * *', image: 'registry.example/job:1', calls: [{ to: 'api:https', mode: 'audit' }] },
    legacy: {
      existing: { kind: 'Deployment', names: ['legacy-v1', 'legacy-v2'], selector: { app: 'legacy' } },
      calls: ['api:https', 'api:metrics'],
    },
  },
  externals: {
    prometheus: { at: { namespace: 'monitoring' }, calls: ['*:metrics'] },
    ingress: { at: { namespace: 'ingress' }, spiffeId: 'spiffe://shop.example/ingress', calls: ['api:https'] },
    postgres: { at: { cidrs: ['10.20.0.5/32'] }, ports: { tcp: { port: 5432 } } },
  },
});

/** Without externals too. */
export const small = defineFleet({
  fleet: 'small',
  namespace: 'small',
  trustDomain: 'small.example',
  environments: { dev: { authority: { selfSigned: {} } } },
  services: { only: { image: 'registry.example/only:1' } },
});
