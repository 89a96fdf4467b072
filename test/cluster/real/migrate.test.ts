import { mkdtempSync, writeFileSync } from 'node:fs';
import { get as getPlain } from 'node:http';
import { get as getTls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { cli, cliBeside, type Run } from '../../cli/_cli.js';
import { RealCluster, until } from './_cluster.js';
import { PlayedPod } from './_pods.js';
import { freePort } from './_processes.js';
import { isReady, items, rendered, rotationTools } from './_rotation.js';

const tools = rotationTools();
const withCluster = tools === undefined ? test.skip : test;

jest.setTimeout(240_000);

const folder = mkdtempSync(join(tmpdir(), 'sentinel-mtls-migrate-'));
const TWO_DAYS_AGO = new Date(Date.now() - 48 * 3_600_000);
/** Port of the policies; each process listens on one that is free. */
const PORT = 8443;
const plainPorts: Record<string, number> = {};

let cluster: RealCluster;
let pods: Record<string, PlayedPod> = {};

const fleet = (mode: string): string => `
fleet: shop
namespace: shop
trustDomain: shop.internal
mode: ${mode}
environments:
  dev: { authority: { selfSigned: { key: { algorithm: ECDSA, size: 256 } } } }
services:
  web: { image: "registry.invalid/web:1", calls: [orders:https, stock:https] }
  orders: { image: "registry.invalid/orders:1", calls: [stock:https], ports: { https: { port: ${PORT}, plainPort: ${plainPorts.orders}, protocol: https } } }
  stock: { image: "registry.invalid/stock:1", ports: { https: { port: ${PORT}, plainPort: ${plainPorts.stock}, protocol: https } } }
`;

/** Objects of the planes, as synth writes them for a mode. */
function synth(mode: string, planes: readonly string[]): ReturnType<typeof rendered> {
  writeFileSync(join(folder, 'fleet.yaml'), fleet(mode));
  expect(cli(['synth', '-o', mode], folder)).toMatchObject({ code: 0 });
  return rendered('dev', planes, join(folder, mode));
}

beforeAll(async () => {
  if (tools === undefined) return;
  for (const service of ['orders', 'stock']) plainPorts[service] = await freePort();
  cluster = await RealCluster.start(tools);
  await cluster.installDefinitions();
  await cluster.startController();
  await cluster.startTrustManager(tools.trustManager);
  await cluster.apply(['cert-manager', 'shop', 'elsewhere'].map(name => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })));
});

afterAll(async () => {
  await stopPods();
  await cluster?.stop();
});

async function stopPods(): Promise<void> {
  for (const pod of Object.values(pods)) await pod.stop();
  pods = {};
}

async function startPods(startedAt: Date): Promise<void> {
  for (const [index, service] of ['orders', 'stock', 'web'].entries())
    pods[service] = await PlayedPod.start(cluster, service, index + 1, {
      fleet: 'shop',
      namespace: 'shop',
      startedAt,
      ...(service === 'web' ? {} : { serves: PORT }),
    });
}

const run = (user: 'admin' | 'reader' = 'admin', ...args: readonly string[]): Promise<Run> =>
  cliBeside(['migrate', '--kubeconfig', cluster.kubeconfig(user), ...args]);

withCluster('a cluster without an allow-list is said to have none', async () => {
  expect(await run()).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(/^the cluster has no policy\.json of a fleet\n/) });
});

withCluster('disabled: nobody is asked for a certificate before everybody has one', async () => {
  await cluster.apply(synth('disabled', ['authority', 'trust', 'policy']));
  expect(await run()).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(
      '× orders:https: disabled, not yet permissive\n    Certificate shop/orders-tls is not there\n    Certificate shop/web-tls is not there\n',
    ),
  });
  await cluster.apply(synth('disabled', ['identity']));
  await until('every Certificate is ready', 90, async () => {
    const certificates = items(cluster, 'certificates');
    return certificates.length === 4 && certificates.every(isReady);
  });
  const { code, stdout } = await run();
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('→ orders:https: disabled, may become permissive\n') });
  expect(stdout).toContain(
    'may be changed in the fleet file now:\n  environments.dev.services.orders.mode: permissive\n  environments.dev.services.stock.mode: permissive\n  environments.dev.services.web.mode: permissive\n',
  );
});

withCluster('permissive: a plain connection keeps the plain port, and so does a process that runs too short', async () => {
  await cluster.apply(synth('permissive', ['policy']));
  expect((await run()).stdout).toContain('× orders:https: permissive, not yet audit\n    no pod of orders runs, so nothing was counted\n');
  await startPods(new Date());
  expect(await run()).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/pod shop\/orders-0 counts since .*, less than 24 hours \(--quiet-for\)/),
  });
  await stopPods();
  await startPods(TWO_DAYS_AGO);
  const quiet = await run();
  expect(quiet).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(
      '→ orders:https: permissive, may become audit\n    no plain connection was seen: 1 pods, for 2 days at least\n',
    ),
  });
  expect(quiet.stdout).toContain('environments.dev.services.stock.mode: audit');
  await new Promise(resolve =>
    getPlain({ port: plainPorts.orders, host: '127.0.0.1', agent: false }, response => response.resume().on('end', resolve)),
  );
  const { code, stdout } = await run();
  expect(code).toBe(1);
  expect(stdout).toMatch(
    new RegExp(
      `× orders:https: permissive, not yet audit\n {4}1 plain connections to port ${plainPorts.orders} of pod shop/orders-0 since 20`,
    ),
  );
  expect(stdout).toContain('→ stock:https: permissive, may become audit\n');
  expect(stdout).not.toContain('orders.mode: audit');
});

withCluster('audit: a caller that strict would refuse is named', async () => {
  await stopPods();
  await cluster.apply(synth('audit', ['policy']));
  await startPods(TWO_DAYS_AGO);
  expect(await run()).toMatchObject({ code: 0, stdout: expect.stringContaining('→ orders:https: audit, may become strict\n') });
  // stock may not call orders: nobody declared it
  const { data } = (await cluster.api().get('/api/v1/namespaces/shop/secrets/stock-tls')) as { data: Record<string, string> };
  const pem = (key: string): Buffer => Buffer.from(data[key] ?? '', 'base64');
  const peer = { cert: pem('tls.crt'), key: pem('tls.key'), ca: pem('ca.crt'), servername: 'orders.shop.svc.cluster.local' };
  const status = await new Promise((resolve, reject) =>
    getTls({ ...peer, port: pods.orders?.tlsPort, host: '127.0.0.1', agent: false }, response =>
      response.resume().on('end', () => resolve(response.statusCode)),
    ).on('error', reject),
  );
  expect(status).toBe(200);
  const { code, stdout } = await run();
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /× orders:https: audit, not yet strict\n {4}1 requests that strict would refuse on port 8443 of pod shop\/orders-0 since .*: spiffe:\/\/shop\.internal\/ns\/shop\/sa\/stock \(\S+, 1\)\n/,
  );
  expect(stdout).toContain('→ stock:https: audit, may become strict\n');
});

withCluster('an allow-list of another namespace does not speak for a service, and holds everything up', async () => {
  const foreign = synth('audit', ['policy'])
    .map(object => ({ ...object, metadata: { ...object.metadata, namespace: 'elsewhere' } }))
    .slice(0, 1);
  await cluster.apply(foreign);
  expect(await run()).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(
      '× ConfigMap elsewhere/orders-mtls-policy: it is of spiffe://shop.internal/ns/shop/sa/orders, in another namespace',
    ),
  });
  await cluster.delete(foreign);
});

withCluster('the printed rights are enough, and with one less nothing is taken for safe', async () => {
  const [role] = parseAllDocuments(cli(['rbac', 'migrate']).stdout).map(
    document => document.toJS() as { metadata: { name: string }; rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[] },
  );
  const rules = role?.rules.flatMap(rule => rule.resources.map(resource => ({ ...rule, resources: [resource] }))) ?? [];
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'reader' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role?.metadata.name },
    subjects: [{ kind: 'User', name: 'reader', apiGroup: 'rbac.authorization.k8s.io' }],
  };
  const grant = (granted: typeof rules): Promise<void> => cluster.apply([{ ...role, rules: granted }, binding]);
  await grant(rules);
  expect(await run('reader')).toEqual(await run('admin'));
  expect(rules.map(({ resources }) => resources[0]).sort()).toEqual(['certificates', 'configmaps', 'pods', 'pods/proxy']);
  for (const less of rules) {
    await grant(rules.filter(rule => rule !== less));
    const [resource = ''] = less.resources;
    const expected =
      resource === 'pods/proxy'
        ? { code: 1, stdout: expect.stringContaining("the metrics of pod shop/stock-0 can't be read: pods/proxy may not be asked") }
        : { code: 3, stdout: '', stderr: expect.stringMatching(new RegExp(`^${resource}\\b.* can't be read: `)) };
    expect(await run('reader')).toMatchObject(expected);
  }
});

withCluster('strict: there is nothing left', async () => {
  await stopPods();
  await cluster.apply(synth('strict', ['policy']));
  expect(await run()).toEqual({
    code: 0,
    stdout: 'fleet shop, environment dev\n√ orders:https: strict\n√ stock:https: strict\n\n2 ports: 2 strict, 0 may go on, 0 not yet\n',
    stderr: '',
  });
});
