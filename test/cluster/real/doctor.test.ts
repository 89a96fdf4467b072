import { DOCTOR_RESOURCES, examine, Living, type Outcome, takeSnapshot } from '../../../lib/cluster/index.js';
import { cli } from '../../cli/_cli.js';
import { BROKEN } from '../doctor/_broken.js';
import { type Any, HealthyCluster } from '../doctor/_cluster.js';
import { clusterTools, RealCluster } from './_cluster.js';

const tools = clusterTools();
const withCluster = tools === undefined ? test.skip : test;

jest.setTimeout(240_000);

let cluster: RealCluster;
let healthy: HealthyCluster;

/** CRDs are installed as they are shipped. */
const applied = ({ objects }: HealthyCluster): Any[] => [...objects.values()].filter(({ kind }) => kind !== 'CustomResourceDefinition');

beforeAll(async () => {
  if (tools === undefined) return;
  healthy = await HealthyCluster.make();
  cluster = await RealCluster.start(tools);
  await cluster.installDefinitions();
  const objects = applied(healthy);
  await cluster.apply(objects.filter(({ kind }) => kind === 'Namespace'));
  await cluster.apply(objects.filter(({ kind }) => kind !== 'Namespace'));
});

afterAll(() => cluster?.stop());

async function look(): Promise<Outcome[]> {
  return examine(new Living(await takeSnapshot(cluster.api(), DOCTOR_RESOURCES)));
}

const found = (outcomes: readonly Outcome[]): unknown[] =>
  outcomes.filter(({ result }) => result !== 'ok').map(({ check, result, reason, troubles }) => [check.code, result, reason ?? troubles]);

withCluster('on a healthy cluster nothing is found', async () => {
  expect(found(await look())).toEqual([]);
});

const REAL = BROKEN.filter(({ onlyAsData }) => onlyAsData === undefined);

withCluster('most failures can be made on a bare API server', () => {
  expect(new Set(REAL.map(({ code }) => code)).size).toBeGreaterThanOrEqual(45);
});

describe.each(REAL.map(broken => [broken.code, broken.what, broken] as const))('%s, %s', (code, _, broken) => {
  withCluster('is found, and gone when it is mended', async () => {
    const copy = healthy.copy();
    await broken.make?.(copy);
    const changed = [...copy.objects].filter(([key, object]) => healthy.objects.get(key) !== object);
    const added = changed.filter(([key]) => !healthy.objects.has(key)).map(([, object]) => object as Any);
    const removed = [...healthy.objects].filter(([key]) => !copy.objects.has(key)).map(([, object]) => object as Any);
    await cluster.delete(removed);
    await cluster.apply(changed.map(([, object]) => object));
    const outcome = (await look()).find(({ check }) => check.code === code);
    await cluster.delete(added);
    await cluster.apply([...removed, ...changed.flatMap(([key]) => healthy.objects.get(key) ?? [])]);
    expect(outcome?.result).toMatch(/^(?:error|warning)$/);
  });
});

withCluster('after all of it nothing is found again', async () => {
  expect(found(await look())).toEqual([]);
});

withCluster('a user without rights is told what could not be looked at, and nothing is called fine for it', () => {
  const { code, stdout } = cli(['doctor', '--kubeconfig', cluster.kubeconfig('nobody')]);
  expect(code).toBe(1);
  expect(stdout).toContain('SMT-D101 not-readable');
  expect(stdout).toMatch(/- certificates in Secrets have not ended: not looked at\n {4}certificates\.cert-manager\.io may not be read/);
});

withCluster('the command reads a cluster, writes a dump, and finds the same in it', () => {
  const dump = `${cluster.folder}/dump`;
  const live = cli(['doctor', '--kubeconfig', cluster.kubeconfig(), '--dump', dump]);
  const saved = cli(['doctor', '--from', dump]);
  expect({ code: live.code, stderr: live.stderr }).toEqual({ code: 0, stderr: '' });
  expect(saved).toEqual(live);
  expect(live.stdout).toContain('√ certificates are signed by the authority that their issuer has now');
});
