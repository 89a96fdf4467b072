import { adopt, draftYaml } from '../../lib/adopt';
import { resolve } from '../../lib/fleet';
import { parseFleet } from '../../lib/fleet/load';
import { ObjectSet, parseYamlText } from '../../lib/objects';
import { renderFleet } from '../../lib/render/manifests';
import { differences } from '../examples/compare';
import { SOURCE_FACTS } from '../examples/source-facts';
import { manifestsOf } from './_manifests';
import { objectsOf } from './_text';

const fleetTextOf = (objects: ObjectSet): string => draftYaml(adopt(objects, { source: 'the test' }), './fleet.schema.json');

/** The line of a fleet file that begins like this. */
const lineOf = (text: string, begin: string): string =>
  text
    .split('\n')
    .find(line => line.trim().startsWith(begin))
    ?.trim() ?? '';

describe('manifests of public systems become fleets', () => {
  test.each(Object.entries(SOURCE_FACTS))('%s: every workload, port and call, and synth takes it', (name, facts) => {
    const text = fleetTextOf(ObjectSet.from(manifestsOf(facts, name)));
    const fleet = parseFleet(text, 'fleet.yaml');
    const plan = resolve(fleet, 'prod');
    // a shared or missing account gives no identity of its own
    const shared = facts.workloads
      .map(line => line.split(' '))
      .filter(
        ([, , , account], _, all) =>
          account === '-' || all.filter(other => other[3] === account && facts.sameWorkload[other[0] ?? ''] === undefined).length > 1,
      );
    const serviceAccounts = Object.fromEntries(shared.map(([service = '']) => [service, service]));
    expect(differences(facts, plan, { addedCalls: [], serviceAccounts })).toEqual([]);
    expect([...renderFleet(fleet, ['prod'])].map(({ path, chunks }) => [path, [...chunks].length] as const).length).toBeGreaterThan(5);
    expect(text.match(/# from env UPSTREAM_\d+_ADDR of /g)?.length).toBe(plan.edges.length);
  });

  test('a call that is not there is missed: the comparison can fail', () => {
    const facts = SOURCE_FACTS.emojivoto;
    if (facts === undefined) throw new Error('no facts');
    const fewer = { ...facts, calls: facts.calls.slice(1) };
    const plan = resolve(parseFleet(fleetTextOf(ObjectSet.from(manifestsOf(fewer, 'emojivoto'))), 'fleet.yaml'), 'prod');
    expect(differences(facts, plan, { addedCalls: [], serviceAccounts: { 'vote-bot': 'vote-bot' } })).toEqual([
      'call lost: vote-bot web-svc 80',
    ]);
  });
});

const SHOP = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  template:
    metadata: { labels: { app: web } }
    spec:
      serviceAccountName: web
      volumes: [{ name: tls, secret: { secretName: web-cert } }]
      containers:
        - name: web
          args: ["--orders=http://orders.shop.svc:80/v1", "--log=orders"]
          envFrom: [{ configMapRef: { name: web-settings } }]
          env:
            - { name: ORDERS_PORT, value: "80" }
            - { name: ORDERS, value: "http://orders:$(ORDERS_PORT)" }
            - { name: CACHE_HOST, value: cache }
            - { name: SERVICE_OWNER, value: orders }
            - { name: DATABASE_URL, value: "postgres://user:pass@db.shop.svc.cluster.local:5432/app" }
            - { name: ELSEWHERE, value: "https://orders.example.com:443" }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: web-settings, namespace: shop }
data: { BILLING: "billing.pay:9000" }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: orders, namespace: shop }
spec:
  template:
    metadata: { labels: { app: orders } }
    spec: { containers: [{ name: app, ports: [{ name: rest, containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: orders, namespace: shop }
spec: { selector: { app: orders }, ports: [{ name: http-rest, port: 80, targetPort: rest }, { name: http-metrics, port: 9100 }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db, namespace: shop }
spec: { template: { metadata: { labels: { app: db } }, spec: { containers: [{ name: db }] } } }
---
apiVersion: v1
kind: Service
metadata: { name: db, namespace: shop }
spec: { selector: { app: db }, ports: [{ port: 5432 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: cache, namespace: shop }
spec: { template: { metadata: { labels: { app: cache } }, spec: { containers: [{ name: cache }] } } }
---
apiVersion: v1
kind: Service
metadata: { name: cache, namespace: shop }
spec: { selector: { app: cache }, ports: [{ name: redis, port: 6379 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: billing, namespace: pay }
spec: { template: { metadata: { labels: { app: billing } }, spec: { containers: [{ name: billing }] } } }
---
apiVersion: v1
kind: Service
metadata: { name: billing, namespace: pay }
spec: { selector: { app: billing }, ports: [{ name: grpc, port: 9000 }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: cache-in, namespace: shop }
spec:
  podSelector: { matchLabels: { app: cache } }
  ingress:
    - from:
        - podSelector: { matchLabels: { app: orders } }
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: tools } }
          podSelector: { matchLabels: { app: Backup } }
      ports: [{ port: 6379 }]
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: web, namespace: shop }
spec: { secretName: web-cert, duration: 720h, privateKey: { algorithm: ECDSA, size: 256 }, issuerRef: { name: corp, kind: ClusterIssuer } }
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: corp }
spec: { ca: { secretName: corp-ca } }
`;

describe('each guess has its reason', () => {
  const text = fleetTextOf(objectsOf(SHOP));
  const plan = resolve(parseFleet(text, 'fleet.yaml'), 'prod');
  const calls = plan.edges.map(({ caller, callee, port }) => `${caller} ${callee}:${port}`);

  test('calls come from environment, variables in it, config maps, arguments and NetworkPolicies, across namespaces', () => {
    expect(calls).toEqual(['orders cache:redis', 'web billing:grpc', 'web cache:redis', 'web db:port-5432', 'web orders:http-rest']);
  });

  test.each([
    ['- "orders:http-rest"', '# from env ORDERS of deployment web'],
    ['- "billing:grpc"', '# from env BILLING of deployment web'],
    ['- "db:port-5432"', '# from env DATABASE_URL of deployment web'],
    ['- "cache:redis"', '# from env CACHE_HOST of deployment web, which names no port'],
    ['http-rest:', 'port: 80, targetPort: 8080, protocol: https } # protocol from the name "http-rest"'],
    ['http-metrics:', 'protocol: metrics }'],
    ['authority:', '{ existing: { secretName: corp-ca } } # from ClusterIssuer corp: its CA stays'],
    ['certificate:', '{ duration: "720h", key: { algorithm: ECDSA, size: 256 } } # from Certificate web'],
    ['backup:', '# from NetworkPolicy cache-in'],
  ])('%s … %s', (begin, end) => {
    expect(lineOf(text.slice(text.indexOf('environments:')), begin)).toContain(end);
  });

  test('a word, a name of somewhere else and a password are no calls, and no value is in the file', () => {
    expect(text).not.toMatch(/SERVICE_OWNER|ELSEWHERE|pass/);
    expect(text).toContain('- "cache:redis" # from NetworkPolicy cache-in');
  });

  test('nothing is enforced by a first draft', () => {
    expect(plan.network.policies).toBe(false);
    expect(new Set(plan.edges.map(({ mode }) => mode))).toEqual(new Set(['disabled']));
  });
});

describe('what can not be taken over is told', () => {
  test.each([
    [
      'a Service of nobody',
      `apiVersion: v1\nkind: Service\nmetadata: { name: ghost, namespace: shop }\nspec: { selector: { app: ghost }, ports: [{ port: 1 }] }\n`,
      'Service shop/ghost stands before no workload',
    ],
    [
      'a policy for everybody',
      `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: wide, namespace: shop }\nspec: { podSelector: {}, ingress: [{}] }\n`,
      'NetworkPolicy wide lets everybody in to',
    ],
    [
      'a port that is not there',
      SHOP.slice(1, SHOP.indexOf('---'))
        .replace('name: web,', 'name: extra,')
        .replace('app: web', 'app: extra')
        .replace('http://orders.shop.svc:80/v1', 'orders:4711'),
      'calls orders:4711',
    ],
    [
      'the network of the host',
      `apiVersion: apps/v1\nkind: DaemonSet\nmetadata: { name: agent, namespace: shop }\nspec: { template: { metadata: { labels: { app: agent } }, spec: { hostNetwork: true, containers: [{ name: agent }] } } }\n`,
      "DaemonSet shop/agent uses the host's network",
    ],
  ])('%s', (_, more, told) => {
    const { open } = adopt(objectsOf(`${more}---\n${SHOP}`), { source: 'the test' });
    expect(open.join('\n')).toContain(told);
  });

  test('an issuer that signs with Vault, whose settings nobody can guess', () => {
    const { open, authority } = adopt(
      objectsOf(SHOP.replace('spec: { ca: { secretName: corp-ca } }', 'spec: { vault: { path: pki/sign/shop } }')),
      {
        source: 'the test',
      },
    );
    expect(authority.yaml).toBe('{ selfSigned: {} }');
    expect(open).toContainEqual(expect.stringContaining('ClusterIssuer corp signs with Vault: write authority.vault'));
  });

  test('no workload at all is an error that says what was expected', () => {
    expect(() => adopt(objectsOf('apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n'), { source: 'a.yaml' })).toThrow(
      /a\.yaml holds no workload\n {2}expected Deployments/,
    );
  });
});

describe('names of somebody else', () => {
  test('end no comment and begin no key', () => {
    const evil = 'x # y\n  evil: { image: "e" }\u2028zz: "';
    const objects = objectsOf(
      SHOP.replaceAll('CACHE_HOST', JSON.stringify(`CACHE${evil}_HOST`).slice(1, -1))
        .replace('name: CACHE', 'name: "CACHE')
        .replace('_HOST, value: cache }', '_HOST", value: cache }'),
    );
    const text = draftYaml(adopt(objects, { source: `a${evil}` }), './s.json');
    expect(Object.keys(parseFleet(text, 'fleet.yaml').services).sort()).toEqual(['billing', 'cache', 'db', 'orders', 'web']);
  });

  test('labels and Secrets that YAML would take for something else stay texts', () => {
    const odd = SHOP.replaceAll('app: cache', 'app: "no"').replaceAll('corp-ca', '"0x1: {a"');
    const text = fleetTextOf(objectsOf(odd));
    const read = parseYamlText({ name: 'fleet.yaml', text }) as { environments: { prod: { authority: unknown } } };
    expect(read.environments.prod.authority).toEqual({ existing: { secretName: '0x1: {a' } });
    expect(text).toContain('app: "no"');
  });

  test('a long text without an address is read in time that does not explode', () => {
    const long = 'a-'.repeat(2000);
    const started = performance.now();
    adopt(objectsOf(SHOP.replace('value: cache', `value: "${long}_"`)), { source: 'the test' });
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
