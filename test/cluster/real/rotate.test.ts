import { type Progress, rotate } from '../../../lib/cluster/index.js';
import { cliBeside, type Run } from '../../cli/_cli.js';
import { type RealCluster, until } from './_cluster.js';
import { History } from './_history.js';
import { PlayedPod } from './_pods.js';
import { believes, bundle, chainIn, items, leaves, rendered, rotationTools, startSentinel } from './_rotation.js';

const tools = rotationTools();
const withCluster = tools === undefined ? test.skip : test;

jest.setTimeout(300_000);

/** From a change in the cluster until a played pod has it in its folder. */
const LAG_MS = 1_500;
const SERVICES = ['control-api', 'infra-adapter', 'node-agent', 'pipeline-controller'];

let cluster: RealCluster;
let pods: PlayedPod[] = [];

beforeAll(async () => {
  if (tools === undefined) return;
  cluster = await startSentinel(tools, 'dev');
  await cluster.apply(rendered('dev', ['policy']));
});

afterAll(async () => {
  for (const pod of pods) await pod.stop();
  await cluster?.stop();
});

const run = (...args: readonly string[]): Promise<Run> => cliBeside(['rotate', '--kubeconfig', cluster.kubeconfig(), ...args]);

/** In this process, so that the played kubelets go on. */
const go = (may: 'start' | 'continue' | 'complete', graceSeconds: number, deadlineSeconds = 120): Promise<Progress> =>
  rotate(cluster.api(), { may, home: 'cert-manager', graceSeconds, deadlineSeconds, wait: true });

const specs = (): unknown => items(cluster, 'certificates').map(({ metadata, spec }) => [metadata.name, spec]);

withCluster('nothing goes on, and nothing is taken away, before a rotation was begun', async () => {
  const refused =
    /^no rotation of fleet sentinel is under way: there is no ConfigMap sentinel-old-root; begin with sentinel-mtls rotate start\n$/;
  for (const action of ['continue', 'complete'])
    expect(await run(action)).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(refused) });
});

withCluster('a wrong namespace, a fleet that is not there and a word that is none are told, with what to write', async () => {
  expect(await run('status', '--cert-manager-namespace', 'pki')).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'no Certificate in pki writes Secret sentinel-ca-secret, which Bundle sentinel-ca-bundle takes as its root\n' +
      "  cert-manager/sentinel-ca does: if trust-manager's sources are there, --cert-manager-namespace cert-manager\n",
  });
  expect(await run('start', '--fleet', 'shop')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('fleets with a Bundle: sentinel'),
  });
  expect(await run('finish')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^rotate takes one of status, start, continue, complete, got "finish"/),
  });
});

withCluster('a dry run says the steps and changes nothing', async () => {
  // field by field: kubectl goes through what it finds by `..` in no order
  const line = '{range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}';
  const version = (): string => cluster.kubectl(['get', 'secrets,configmaps,certificates', '-A', '-o', `jsonpath=${line}`]);
  const before = version();
  expect(before).toContain('Secret cert-manager/sentinel-ca-secret ');
  const { code, stdout } = await run('start', '--dry-run');
  expect({ code, first: stdout.split('\n')[0] }).toEqual({ code: 0, first: 'fleet sentinel: no rotation is under way' });
  expect(stdout).toContain('→ keep the root that signs now trusted, in ConfigMap cert-manager/sentinel-old-root\n');
  expect(stdout).toContain('  take the old root away');
  expect(version()).toBe(before);
});

withCluster(
  'while a process has not loaded the new root, nothing is renewed; it is named, and the call ends when its time is over',
  async () => {
    pods = await Promise.all(SERVICES.map((service, index) => PlayedPod.start(cluster, service, index + 1, { lagMs: LAG_MS })));
    const [stuck] = pods;
    if (stuck !== undefined) stuck.isFrozen = true;
    const before = leaves(cluster).map(name => chainIn(cluster, name)[0]?.serialNumber);
    const progress = await go('start', 0, 25);
    expect(progress).toMatchObject({ outcome: 'waits', state: 'under-way' });
    expect(progress.steps.find(({ id }) => id === 'both-trusted')).toMatchObject({
      state: 'waits',
      evidence: ['the process in pod sentinel-system/control-api-0 trusts other roots than its namespace’s bundle'],
    });
    expect(leaves(cluster).map(name => chainIn(cluster, name)[0]?.serialNumber)).toEqual(before);
    if (stuck !== undefined) stuck.isFrozen = false;
  },
);

withCluster('a second start, and taking the old root away too early, are refused with what is in the way', async () => {
  expect(await run('start')).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'a rotation of fleet sentinel is under way: ConfigMap sentinel-old-root keeps its old root; go on with sentinel-mtls rotate continue\n',
  });
  expect(await run('complete')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^the old root is still needed: .+; go on with sentinel-mtls rotate continue\n$/),
  });
  expect(bundle(cluster)).toHaveLength(2);
});

withCluster('processes that say what they have loaded are enough: no grace is waited for, and every moment was safe', async () => {
  const old = bundle(cluster);
  const history = History.start(cluster, leaves(cluster));
  // a day of grace would not fit into this test
  const progress = await go('continue', 86_400);
  expect(progress).toMatchObject({ outcome: 'finished', state: 'ready' });
  expect(progress.steps.find(({ id }) => id === 'leaves-served')?.evidence).toEqual(['4 pods say so themselves']);
  const completed = await go('complete', 86_400);
  expect(completed).toMatchObject({ outcome: 'finished', state: 'completed', message: 'the new root alone is trusted' });
  await history.stop();
  const roots = bundle(cluster);
  expect(roots).toHaveLength(1);
  expect(old.map(({ fingerprint256 }) => fingerprint256)).toContain(roots[0]?.fingerprint256);
  for (const name of leaves(cluster)) expect(believes(roots, chainIn(cluster, name))).toBe(true);
  expect({ bundles: history.bundles, chains: history.chains }).toEqual({ bundles: 2, chains: 8 });
  expect(history.disbeliefs(LAG_MS)).toEqual([]);
});

withCluster(
  'without pods and without grace a moment is seen in which somebody is not believed: the check of moments can fail',
  async () => {
    for (const pod of pods) await pod.stop();
    pods = [];
    const before = specs();
    const history = History.start(cluster, leaves(cluster));
    expect(await go('start', 0)).toMatchObject({ outcome: 'finished', state: 'ready' });
    await history.stop();
    expect(history.disbeliefs(5_000)).not.toEqual([]);
    // two roots that are both needed are never the trouble
    expect(history.disbeliefs(0)).toEqual([]);
    expect(specs()).toEqual(before);
    expect(await go('complete', 0)).toMatchObject({ outcome: 'finished', state: 'completed' });
  },
);

withCluster('with grace alone every moment is safe for who loads within it', async () => {
  const history = History.start(cluster, leaves(cluster));
  expect(await go('start', 6)).toMatchObject({ outcome: 'finished' });
  expect(await go('complete', 6)).toMatchObject({ state: 'completed' });
  await history.stop();
  expect(history.disbeliefs(4_000)).toEqual([]);
  expect(history.bundles).toBe(3);
});

withCluster('while trust-manager is down the new root reaches nobody, and nothing is renewed; then it goes on', async () => {
  await cluster.stopTrustManager();
  const before = leaves(cluster).map(name => chainIn(cluster, name)[0]?.serialNumber);
  const progress = await go('start', 0, 20);
  expect(progress.steps.find(({ id }) => id === 'both-trusted')).toMatchObject({
    state: 'waits',
    evidence: [expect.stringMatching(/^the bundle in namespace sentinel-system lacks the new root$/)],
  });
  expect(leaves(cluster).map(name => chainIn(cluster, name)[0]?.serialNumber)).toEqual(before);
  if (tools !== undefined) await cluster.startTrustManager(tools.trustManager);
  expect(await go('continue', 0)).toMatchObject({ outcome: 'finished', state: 'ready' });
});

withCluster('an old-root ConfigMap that somebody changed is not gone by, and nothing is done', async () => {
  const text = cluster.kubectl(['get', 'configmap', 'sentinel-old-root', '-n', 'cert-manager', '-o', 'json']);
  const patch = (value: object): string =>
    cluster.kubectl(['patch', 'configmap', 'sentinel-old-root', '-n', 'cert-manager', '--type=merge', '-p', JSON.stringify(value)]);
  patch({ data: { 'old-root.crt': 'nothing' } });
  for (const action of ['status', 'continue', 'complete'])
    expect(await run(action)).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^ConfigMap cert-manager\/sentinel-old-root should keep one old root/),
    });
  patch({ data: (JSON.parse(text) as { data: object }).data, metadata: { labels: { 'sentinel-mtls.io/further-roots': null } } });
  expect(await run('complete')).toMatchObject({ code: 3, stderr: expect.stringContaining('and not the label') });
  patch({ metadata: { labels: { 'sentinel-mtls.io/further-roots': 'sentinel' } } });
  expect(await go('complete', 0)).toMatchObject({ state: 'completed' });
});

withCluster('a pod elsewhere with the fleet’s label does not hold it up', async () => {
  await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'elsewhere' } }]);
  const spec = {
    nodeName: 'played',
    containers: [{ name: 'x', image: 'registry.invalid/x:1', ports: [{ name: 'metrics', containerPort: 9 }] }],
  };
  const labels = { 'sentinel-mtls.io/fleet': 'sentinel' };
  await cluster.apply([
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'x', namespace: 'elsewhere', labels },
      spec,
      status: { phase: 'Running', podIP: '10.1.9.9' },
    },
  ]);
  const progress = await go('start', 0);
  expect(progress).toMatchObject({ outcome: 'finished' });
  expect(progress.steps.find(({ id }) => id === 'both-trusted')?.evidence).toEqual([
    expect.stringMatching(/^no running pod of the fleet was seen; /),
  ]);
  expect(await go('complete', 0)).toMatchObject({ state: 'completed' });
});

withCluster('where a key is made anew each time, a renewal alone makes it, and the Secret is not touched', async () => {
  cluster.kubectl([
    'patch',
    'certificate',
    'sentinel-ca',
    '-n',
    'cert-manager',
    '--type=merge',
    '-p',
    '{"spec":{"privateKey":{"rotationPolicy":"Always"}}}',
  ]);
  const old = bundle(cluster)[0]?.fingerprint256;
  const progress = await go('start', 0);
  const did = progress.did.map(({ performed }) => performed.message);
  expect(did).toContain('cert-manager was asked to issue cert-manager/sentinel-ca, which makes a new key each time');
  expect(await go('complete', 0)).toMatchObject({ state: 'completed' });
  expect(bundle(cluster).map(({ fingerprint256 }) => fingerprint256)).not.toContain(old);
});

withCluster('an authority that cert-manager does not make is refused, with who rotates it and how', async () => {
  cluster.kubectl(['delete', 'certificate', 'sentinel-ca', '-n', 'cert-manager']);
  await until('it is gone', 20, async () => items(cluster, 'certificates').every(({ metadata }) => metadata.name !== 'sentinel-ca'));
  expect(await run('start')).toEqual({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(
      /^cert-manager does not make the root of fleet sentinel: whoever made Secret sentinel-ca-secret rotates it\n {2}in this order: /,
    ),
  });
});
