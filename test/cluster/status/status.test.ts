import { FLEET_LABEL, fleetStatus } from '../../../lib/cluster/index.js';
import { formatStatus, statusJson } from '../../../lib/report/status.js';
import { HealthyCluster, iso, SYSTEM } from '../doctor/_cluster.js';

let healthy: HealthyCluster;

beforeAll(async () => {
  healthy = await HealthyCluster.make();
});

test('a healthy fleet: who mounts what, when it ends by its Secret, and no trouble', () => {
  const status = fleetStatus(healthy.living());
  expect(status.certificates.map(({ name, troubles, mountedBy }) => [name, troubles, mountedBy])).toEqual([
    ['control-api-tls', [], ['Deployment/control-api (1)']],
    ['infra-adapter-tls', [], ['Deployment/infra-adapter (1)']],
    ['node-agent-tls', [], ['DaemonSet/node-agent (1)']],
    ['pipeline-controller-tls', [], ['Deployment/pipeline-controller (1)']],
    ['sentinel-ca', [], []],
  ]);
  expect(status.certificates[0]?.notAfter?.slice(0, 10)).toBe(iso(healthy.now + 89 * 86_400_000).slice(0, 10));
});

test('the end is that of the Secret, not of the status; the worst comes first', async () => {
  const cluster = healthy.copy();
  cluster.put(cluster.secret('node-agent-tls', await cluster.issue('node-agent-tls', { from: -91, until: -2 })));
  const [first] = fleetStatus(cluster.living()).certificates;
  expect(first).toMatchObject({ name: 'node-agent-tls', ready: true, troubles: [{ kind: 'expired' }] });
  expect(first?.reportedNotAfter).not.toBe(first?.notAfter);
  expect(formatStatus(fleetStatus(cluster.living())).split('\n')[1]).toMatch(/^sentinel-system\s+node-agent-tls\s+True\s+-2d/);
});

test('a certificate of nobody’s fleet shows with --all alone', () => {
  const cluster = healthy.copy();
  cluster.change(`Certificate ${SYSTEM}/control-api-tls`, object => {
    delete object.metadata.labels[FLEET_LABEL];
  });
  const names = (all: boolean): string[] => fleetStatus(cluster.living(), { all }).certificates.map(({ name }) => name);
  expect(names(false)).not.toContain('control-api-tls');
  expect(names(true)).toContain('control-api-tls');
});

test('without the right to read Secrets the end is the status’s, marked as such, and the gap is told', () => {
  const cluster = healthy.copy();
  for (const key of [...cluster.objects.keys()]) if (key.startsWith('Secret ')) cluster.objects.delete(key);
  const gaps = [{ resource: 'secrets', reason: 'forbidden' as const, message: 'secrets is forbidden' }];
  const status = fleetStatus(cluster.living({ gaps }));
  const text = formatStatus(status);
  expect(text).toMatch(/control-api-tls\s+True\s+89d\?/);
  expect(text).toContain('not looked at: secrets may not be read: secrets is forbidden');
  expect(status.certificates.flatMap(({ troubles }) => troubles)).toEqual([]);
});

test('the JSON has all of it', () => {
  expect(statusJson(fleetStatus(healthy.living()))).toMatchObject({ schemaVersion: 1, context: 'test', certificates: expect.any(Array) });
});
