import { type Fleet, parseFleet } from '../../../lib/fleet/index.js';

/** A fleet with a bit of everything, the same for the same seed. */
export function randomFleet(seed: number): Fleet {
  const next = generator(seed);
  const chance = (share: number): boolean => next() < share;
  const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)] as T;
  const names = Array.from({ length: 4 + Math.floor(next() * 8) }, (_, index) => `${pick(['web', 'api', 'db', 'job', 'edge'])}-${index}`);
  const services: Record<string, Record<string, unknown>> = {};
  for (const [index, name] of names.entries()) {
    const kind = pick(['Deployment', 'Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Job']);
    const job = kind === 'CronJob' || kind === 'Job';
    services[name] = {
      workload: kind,
      image: pick(['registry.example:5000/team/app:1.0', 'app', `quay.io/x/y@sha256:${'ab'.repeat(32)}`]),
      ...(kind === 'CronJob' && { schedule: '0 3 * * *' }),
      ...(!job && {
        ports: {
          main: { port: 8000 + index, protocol: pick(['https', 'grpc', 'tcp']), ...(chance(0.3) && { targetPort: 9000 + index }) },
          ...(chance(0.5) && { health: { port: 8080, protocol: 'health' } }),
          ...(chance(0.5) && { metrics: { port: 9090, protocol: 'metrics' } }),
        },
      }),
      ...((kind === 'Deployment' || kind === 'StatefulSet') && { replicas: 1 + Math.floor(next() * 3) }),
      ...(chance(0.3) && { env: { LOG_LEVEL: 'debug', ODD: '0777' } }),
      ...(chance(0.2) && { namespace: 'elsewhere' }),
      ...(chance(0.3) && { certificate: { duration: pick(['24h', '720h']), renewBefore: '8h' } }),
      ...(chance(0.2) && { resources: { requests: { cpu: '10m' } } }),
    };
  }
  const serving = names.filter(name => services[name]?.ports !== undefined);
  for (const name of names) {
    const calls = serving.filter(callee => callee !== name && chance(0.35)).map(callee => `${callee}:main`);
    if (calls.length > 0) (services[name] as Record<string, unknown>).calls = calls;
  }
  // an Issuer signs in its own namespace only
  const oneNamespace = names.every(name => services[name]?.namespace === undefined);
  const authority = { selfSigned: chance(0.5) ? {} : { intermediate: {} }, ...(chance(0.5) && oneNamespace && { namespaced: true }) };
  const [first = ''] = names;
  const fleet = {
    fleet: 'random',
    namespace: 'random-ns',
    trustDomain: 'random.example',
    ...(chance(0.3) && { mode: pick(['audit', 'strict']) }),
    certificates: { key: { algorithm: pick(['RSA', 'ECDSA', 'Ed25519']) } },
    environments: {
      dev: { authority },
      ...(chance(0.7) && {
        prod: {
          authority: {
            external: { group: 'issuer.example', kind: 'ExampleClusterIssuer', name: 'example' },
            roots: { configMap: 'roots' },
          },
          issuance: chance(0.5),
          certificates: { duration: '48h', renewBefore: '10h' },
          services: { [first]: { image: 'other:2', env: { STAGE: 'prod' } } },
        },
      }),
    },
    services,
  };
  return parseFleet(JSON.stringify(fleet), 'random fleet');
}

/** mulberry32 */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
