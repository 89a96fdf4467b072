import { clusterTools, RealCluster, until } from './_cluster.js';
import { Watching } from './_watching.js';

const tools = clusterTools();
const withCluster = tools === undefined ? test.skip : test;

jest.setTimeout(240_000);

let cluster: RealCluster;
let watching: Watching | undefined;

beforeAll(async () => {
  if (tools === undefined) return;
  cluster = await RealCluster.start(tools);
  await cluster.installDefinitions();
  await cluster.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
    {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: 'web-tls', namespace: 'shop', labels: { 'sentinel-mtls.io/fleet': 'shop' } },
      spec: { secretName: 'web-tls', dnsNames: ['web.shop.svc'], issuerRef: { name: 'ca', kind: 'ClusterIssuer' } },
    },
  ]);
});

afterEach(async () => {
  watching?.kill('SIGKILL');
  await watching?.ended;
});

afterAll(() => cluster?.stop());

const watch = (...more: readonly string[]): Watching => {
  watching = new Watching(['--kubeconfig', cluster.kubeconfig(), '--interval', '0.2s', ...more]);
  return watching;
};

withCluster.each(['SIGINT', 'SIGTERM'] as const)('%s ends it between two looks, with the code of what was seen last', async signal => {
  const run = watch();
  await run.untilLooks(2);
  run.kill(signal);
  expect(await run.ended).toEqual({ code: 1, signal: null });
  expect(run.stderr).toBe('');
  // the last document is whole
  expect(run.stdout.endsWith('}\n')).toBe(true);
});

withCluster('it goes on when the API server has been away, and says so meanwhile', async () => {
  const run = watch('--request-timeout', '5s');
  await run.untilLooks(2);
  await cluster.stopServer();
  await until('it says that nobody answers', 60, async () => run.stderr.includes('asked again in 0.2 s'));
  const before = run.looks;
  await cluster.startServer();
  await run.untilLooks(before + 2);
  run.kill('SIGINT');
  expect(await run.ended).toEqual({ code: 1, signal: null });
  expect(run.stderr).toMatch(/^(?:.*; asked again in 0\.2 s\n)+$/);
});

withCluster('Ctrl-C ends it at once while the API server is away', async () => {
  const run = watch('--request-timeout', '60s');
  await run.untilLooks(1);
  await cluster.stopServer();
  try {
    await until('it says that nobody answers', 60, async () => run.stderr.includes('asked again'));
    const before = Date.now();
    run.kill('SIGINT');
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(Date.now() - before).toBeLessThan(5_000);
  } finally {
    await cluster.startServer();
  }
});

withCluster('a first look that fails ends it: a wrong address is not worth waiting for', async () => {
  await cluster.stopServer();
  try {
    const run = watch('--request-timeout', '5s');
    expect(await run.ended).toEqual({ code: 3, signal: null });
    expect(run.stderr).toContain("can't be reached");
  } finally {
    await cluster.startServer();
  }
});

withCluster('it holds no more files and sockets after sixty looks than after five', async () => {
  const run = watch();
  await run.untilLooks(5);
  const few = run.descriptors;
  await run.untilLooks(60);
  expect(run.descriptors).toBeLessThanOrEqual(few + 12);
  run.kill('SIGINT');
  await run.ended;
  // where listeners pile up Node warns of it here
  expect(run.stderr).toBe('');
});
