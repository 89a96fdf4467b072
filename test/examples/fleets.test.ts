import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadFleet, resolve } from '../../lib/fleet/index.js';
import type { Fleet } from '../../lib/fleet/types.js';
import { renderFleet } from '../../lib/render/manifests/index.js';
import { differences, type KnownDifferences } from './compare.js';
import { SOURCE_FACTS, type SourceFacts } from './source-facts.js';

const EXAMPLES = join(__dirname, '../../examples');
const fleetOf = (name: string): Fleet => loadFleet(join(EXAMPLES, name, 'fleet.yaml'));
const factsOf = (name: string): SourceFacts => {
  const facts = SOURCE_FACTS[name];
  if (facts === undefined) throw new Error(`no facts about ${name}`);
  return facts;
};
/** Workloads with this ServiceAccount in the source, each of which has its service's own name as identity in the fleet. */
const ownName = (facts: SourceFacts, account: string): Record<string, string> =>
  Object.fromEntries(
    facts.workloads
      .map(line => line.split(' '))
      .filter(words => words[3] === account)
      .map(([service = '']) => [service, service]),
  );

const KNOWN: Readonly<Record<string, KnownDifferences>> = {
  'argo-cd': { addedCalls: [], serviceAccounts: {} },
  // vote-bot has none
  emojivoto: { addedCalls: [], serviceAccounts: ownName(factsOf('emojivoto'), '-') },
  'istio-bookinfo': { addedCalls: [], serviceAccounts: {} },
  // redis-cart has none
  'online-boutique': { addedCalls: [], serviceAccounts: ownName(factsOf('online-boutique'), '-') },
  'opentelemetry-demo': {
    // configmap-agent.yaml and jaeger-user-config.yaml of the same rendering.
    addedCalls: [
      'jaeger otel-collector 4318',
      'otel-collector ad 9465',
      'otel-collector jaeger 4317',
      'otel-collector kafka 9092',
      'otel-collector opamp-server 4320',
      'otel-collector opensearch 9200',
      'otel-collector prometheus 9090',
    ],
    // one account for 25 services would be one identity for all of them; opensearch has none
    serviceAccounts: { ...ownName(factsOf('opentelemetry-demo'), 'example'), ...ownName(factsOf('opentelemetry-demo'), '-') },
  },
};

const CASES = Object.keys(SOURCE_FACTS).flatMap(name =>
  Object.keys(fleetOf(name).environments).map(environment => ({ name, environment })),
);

describe('the example fleets', () => {
  test('are the five systems, each with the schema in its first line', () => {
    const folders = readdirSync(EXAMPLES, { withFileTypes: true }).filter(
      entry => entry.isDirectory() && existsSync(join(EXAMPLES, entry.name, 'fleet.yaml')),
    );
    expect(folders.map(({ name }) => name).sort()).toEqual(Object.keys(SOURCE_FACTS).sort());
    for (const { name } of folders) {
      const [first] = readFileSync(join(EXAMPLES, name, 'fleet.yaml'), 'utf8').split('\n');
      expect(first).toBe('# yaml-language-server: $schema=../../fleet.schema.json');
    }
  });

  test.each(CASES)('$name keeps every workload, port and call in $environment', ({ name, environment }) => {
    const known = KNOWN[name];
    expect(known).toBeDefined();
    if (known === undefined) return;
    expect(differences(factsOf(name), resolve(fleetOf(name), environment), known)).toEqual([]);
  });

  test.each(CASES)('$name patches workloads and deploys none in $environment', ({ name, environment }) => {
    const { services } = resolve(fleetOf(name), environment);
    expect(services.filter(({ workload }) => !workload.existing)).toEqual([]);
    expect(services.filter(({ selectorLabels }) => 'version' in selectorLabels)).toEqual([]);
  });

  test.each(Object.keys(SOURCE_FACTS))('%s is rendered without workloads and Services of its own, a patch for each workload', name => {
    const fleet = fleetOf(name);
    const texts = [...renderFleet(fleet, ['dev', 'prod'])].map(({ path, chunks }) => ({ path, text: [...chunks].join('') }));
    const all = texts.map(({ text }) => text).join('\n');
    const deployed = texts.filter(
      ({ path, text }) => !path.includes('/patches/') && /^kind: (?:Deployment|StatefulSet|DaemonSet|Service)$/m.test(text),
    );
    expect(deployed.map(({ path }) => path)).toEqual([]);
    for (const { workload } of resolve(fleet, 'prod').services)
      for (const workloadName of workload.names) expect(all).toContain(`name: ${workloadName}\n`);
    expect(all).not.toMatch(/PRIVATE KEY|undefined|\[object|NaN/);
  });

  test.each(Object.keys(SOURCE_FACTS))('%s has the environments dev and prod, and every one its own authority', name => {
    const { environments } = fleetOf(name);
    expect(Object.keys(environments)).toEqual(['dev', 'prod']);
    expect(environments.dev?.authority).toEqual({ selfSigned: {} });
    expect(environments.prod?.authority).not.toEqual(environments.dev?.authority);
  });

  test.each([
    ['argo-cd', 'argocd-metrics', 'spiffe://argocd.example/ns/argocd/sa/argocd-application-controller'],
    ['emojivoto', 'web-svc', 'spiffe://prod.emojivoto.example/ns/emojivoto/sa/web'],
    ['istio-bookinfo', 'reviews', 'spiffe://bookinfo.example/ns/default/sa/bookinfo-reviews'],
    ['online-boutique', 'redis-cart', 'spiffe://boutique.example/ns/default/sa/redis-cart'],
    ['opentelemetry-demo', 'cart', 'spiffe://otel-demo.example/ns/otel-demo/sa/cart'],
  ])('in %s the identity of %s is %s', (name, service, spiffeId) => {
    expect(resolve(fleetOf(name), 'prod').services.find(plan => plan.name === service)?.spiffeId).toBe(spiffeId);
  });

  test('the comparison notices a lost call, a lost port, another workload and another ServiceAccount', () => {
    const fleet = fleetOf('istio-bookinfo');
    const known = { addedCalls: [], serviceAccounts: {} };
    const { details, productpage, reviews } = fleet.services;
    if (details === undefined || productpage?.existing === undefined || reviews === undefined) throw new Error('the example has changed');
    const { calls: _, ...silentReviews } = reviews;
    const broken: Fleet = {
      ...fleet,
      services: {
        ...fleet.services,
        details: { ...details, serviceAccount: 'details' },
        productpage: {
          ...productpage,
          ports: { http: { port: 9081, protocol: 'https' } },
          existing: { ...productpage.existing, names: ['productpage-v2'] },
        },
        reviews: { ...silentReviews },
      },
    };
    expect(differences(factsOf('istio-bookinfo'), resolve(broken, 'dev'), known)).toEqual([
      'workload added: details Deployment details-v1 details',
      'workload added: productpage Deployment productpage-v2 bookinfo-productpage',
      'workload lost: details Deployment details-v1 bookinfo-details',
      'workload lost: productpage Deployment productpage-v1 bookinfo-productpage',
      'port added: productpage http 9081',
      'port lost: productpage http 9080',
      'call lost: reviews ratings 9080',
    ]);
  });
});

describe('together the examples show', () => {
  const prods = Object.keys(SOURCE_FACTS).map(name => resolve(fleetOf(name), 'prod'));
  const fleetsWith = (shown: (plan: (typeof prods)[number]) => boolean): string[] => prods.filter(shown).map(({ fleet }) => fleet);

  test.each([
    ['Vault with Kubernetes auth', 'online-boutique', p => p.authority.kind === 'vault' && p.authority.vault.auth.kind === 'kubernetes'],
    ['an existing CA whose roots lie in a ConfigMap', 'emojivoto', p => p.authority.kind === 'existing' && 'configMap' in p.bundle.source],
    ['an external issuer', 'otel-demo', p => p.authority.issuerRef.kind === 'AWSPCAClusterIssuer'],
    ['a namespaced Issuer', 'emojivoto', p => p.authority.issuerRef.kind === 'Issuer' && p.authority.issuerNamespace === 'emojivoto'],
    ['issuance policy', 'argo-cd', p => p.issuance],
    ['ECDSA keys', 'online-boutique', p => p.services.every(({ certificate }) => certificate.key.algorithm === 'ECDSA')],
    ['Ed25519 keys', 'emojivoto', p => p.services.every(({ certificate }) => certificate.key.algorithm === 'Ed25519')],
    ['a namespace that the fleet owns', 'emojivoto', p => p.network.ownsNamespaces],
    ['three workloads behind one Service', 'bookinfo', p => p.services.some(({ workload }) => workload.names.length === 3)],
    ['renewal by percentage', 'online-boutique', p => p.services.every(({ certificate }) => certificate.renewBeforePercentage === 33)],
  ] satisfies [string, string, (plan: (typeof prods)[number]) => boolean][])('%s in %s only', (_what, fleet, shown) => {
    expect(fleetsWith(shown)).toEqual([fleet]);
  });

  test('a root with an intermediate twice', () => {
    expect(fleetsWith(p => p.authority.kind === 'selfSigned' && p.authority.intermediate !== undefined)).toEqual(['argo-cd', 'bookinfo']);
  });
});

describe('callers from outside', () => {
  const inward = (name: string): string[] =>
    resolve(fleetOf(name), 'prod')
      .externalEdges.filter(({ direction }) => direction === 'in')
      .map(({ external, service, port }) => `${external} ${service}:${port}`)
      .sort();

  test.each([
    [
      'argo-cd',
      [
        'ingress-nginx argocd-applicationset-controller:webhook',
        // https and http are one listener of the pod: whoever may call one reaches both
        'ingress-nginx argocd-server:http',
        'ingress-nginx argocd-server:https',
        'prometheus argocd-applicationset-controller:metrics',
        'prometheus argocd-dex-server:metrics',
        'prometheus argocd-metrics:metrics',
        'prometheus argocd-notifications-controller-metrics:metrics',
        'prometheus argocd-repo-server:metrics',
        'prometheus argocd-server:metrics',
      ],
    ],
    ['emojivoto', ['prometheus emoji-svc:prom', 'prometheus voting-svc:prom']],
    ['istio-bookinfo', ['istio-ingressgateway productpage:http']],
    ['online-boutique', ['ingress-nginx frontend:http']],
    [
      'opentelemetry-demo',
      [
        'cluster-prometheus ad:prometheus',
        'cluster-prometheus jaeger:internal-metrics',
        'cluster-prometheus jaeger:span-metrics',
        'cluster-prometheus opensearch:metrics',
        'cluster-prometheus otel-collector:metrics',
        'ingress-nginx frontend-proxy:tcp-service',
      ],
    ],
  ])('of %s are an ingress with an identity and Prometheus without one', (name, edges) => {
    expect(inward(name)).toEqual(edges);
    for (const { name: external, spiffeId } of resolve(fleetOf(name), 'prod').externals) {
      expect([external, spiffeId !== undefined]).toEqual([external, external.startsWith('i')]);
    }
  });
});
