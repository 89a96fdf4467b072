import { CHECKS, examine, type Outcome } from '../../../lib/cluster/doctor/index.js';
import { BROKEN } from './_broken.js';
import { HealthyCluster } from './_cluster.js';

let healthy: HealthyCluster;

beforeAll(async () => {
  healthy = await HealthyCluster.make();
});

const found = (outcomes: readonly Outcome[]): unknown[] =>
  outcomes.filter(({ result }) => result !== 'ok').map(({ check, result, troubles, reason }) => [check.code, result, reason ?? troubles]);

test('on a healthy cluster nothing is found, and every check has run', () => {
  const outcomes = examine(healthy.living());
  expect(found(outcomes)).toEqual([]);
  expect(outcomes).toHaveLength(CHECKS.length);
});

test.each(BROKEN.map(broken => [broken.code, broken.what, broken] as const))('%s is found: %s', async (code, _, broken) => {
  const cluster = healthy.copy();
  await broken.make?.(cluster);
  const outcome = examine(cluster.living(broken.header)).find(({ check }) => check.code === code);
  expect(outcome?.result).toMatch(/^(?:error|warning)$/);
  expect(outcome?.troubles.length).toBeGreaterThan(0);
});
