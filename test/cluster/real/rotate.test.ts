import { cli } from '../../cli/_cli.js';
import type { RealCluster } from './_cluster.js';
import { believes, bundle, chainIn, leaves, rotationTools, startSentinel } from './_rotation.js';

const tools = rotationTools();
const withCluster = tools === undefined ? test.skip : test;

jest.setTimeout(300_000);

let cluster: RealCluster;

beforeAll(async () => {
  if (tools !== undefined) cluster = await startSentinel(tools, 'dev');
});

afterAll(() => cluster?.stop());

const run = (...args: readonly string[]): ReturnType<typeof cli> => cli(['rotate', '--kubeconfig', cluster.kubeconfig(), ...args]);

withCluster('thin', async () => {
  const before = bundle(cluster);
  console.log(run('start', '--dry-run'));
  console.log(run('start', '--wait', '--grace', '3s', '--timeout', '90s'));
  console.log(run('status'));
  console.log(run('complete', '--wait'));
  console.log(run('status'));
  const after = bundle(cluster);
  expect(after).toHaveLength(1);
  expect(after[0]?.fingerprint256).not.toBe(before[0]?.fingerprint256);
  for (const leaf of leaves(cluster)) expect(believes(after, chainIn(cluster, leaf))).toBe(true);
});
