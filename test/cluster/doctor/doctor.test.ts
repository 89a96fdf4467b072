import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { CHECKS, examine, type Outcome } from '../../../lib/cluster/doctor/index.js';
import { fleetStatus } from '../../../lib/cluster/index.js';
import { formatDoctor } from '../../../lib/report/doctor.js';
import { formatStatus } from '../../../lib/report/status.js';
import { SEED } from '../../_seed.js';
import { ROOT } from '../../cli/_cli.js';
import { BROKEN } from './_broken.js';
import { HealthyCluster, keyOf, ready } from './_cluster.js';

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

test('every check has a failure that it finds', () => {
  const made = new Set(BROKEN.map(({ code }) => code));
  expect(CHECKS.map(({ code }) => code).filter(code => !made.has(code))).toEqual([]);
});

test('the page of the failure modes names every check, and no other', () => {
  const page = readFileSync(join(ROOT, 'docs', 'doctor.md'), 'utf8');
  const rows = [...page.matchAll(/^\|.*`(SMT-D\d{3})` \|? ?([\w-]+) \|/gm)].map(([, code, name]) => `${code} ${name}`);
  expect(rows.sort()).toEqual(CHECKS.map(({ code, name }) => `${code} ${name}`).sort());
  expect(page.match(/^\| \d+ \|/gm)).toHaveLength(76);
});

test('whatever a namespace admin writes into an object, no check fails to run', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.anything({ withNullPrototype: false, maxDepth: 2 }), (which, where, value) => {
      const cluster = healthy.copy();
      const keys = [...cluster.objects.keys()];
      const object = cluster.get(keys[which % keys.length] ?? '');
      const paths = pathsOf(object).filter(
        path => !['apiVersion', 'kind', 'metadata', 'name', 'namespace'].includes(String(path.at(-1))) && path[0] !== 'metadata',
      );
      const path = paths[where % paths.length];
      if (path === undefined) return;
      const parent = path.slice(0, -1).reduce((at, key) => at[key], object);
      parent[path.at(-1) ?? ''] = value;
      cluster.objects.set(keyOf(object), object);
      examine(cluster.living());
    }),
    { seed: SEED, numRuns: process.env.SENTINEL_LONG === '1' ? 3000 : 300 },
  );
});

/** Paths of every field, the inner ones too. */
function pathsOf(value: unknown, at: readonly (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[...at, key], ...pathsOf(inner, [...at, key])]);
}

test('what is printed obeys nobody: characters that a terminal obeys are shown', async () => {
  const cluster = healthy.copy();
  cluster.change('ClusterIssuer sentinel-ca-issuer', object => {
    object.status.conditions = [ready(cluster.now, 'Bad', '\u001b]0;title\u0007\u001b[31mred\u202e', 'False')];
  });
  const living = cluster.living();
  const text = formatDoctor(examine(living), living.snapshot.header) + formatStatus(fleetStatus(living, { all: true }), { wide: true });
  expect(text).toContain('red');
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});
