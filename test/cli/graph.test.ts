import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli } from './_cli.js';

const workload = (name: string): string => `---
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: shop }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: a, image: a, ports: [{ containerPort: 8080, name: http }] }] }
`;
const policy = (name: string, spec: string): string => `---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name}, namespace: shop }
spec: ${spec}
`;
const ONLY_WEB =
  '{ podSelector: { matchLabels: { app: orders } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: web } } }], ports: [{ port: http }] }] }';
const NOBODY_TO_WEB = '{ podSelector: { matchLabels: { app: web } }, policyTypes: [Ingress] }';

function folderOf(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'graph-network-'));
  writeFileSync(join(folder, 'all.yaml'), text);
  return folder;
}

describe('sentinel-mtls graph network', () => {
  const shop = workload('orders') + workload('web') + policy('orders', ONLY_WEB) + policy('web', NOBODY_TO_WEB);

  test('says who can connect to whom, without a fleet', () => {
    const { code, stdout } = cli(['graph', 'network', '.'], folderOf(shop));
    expect(code).toBe(0);
    expect(
      stdout
        .split('\n')
        .filter(line => !line.includes('outside'))
        .map(line => line.replace(/ {2,}TCP/, '  TCP')),
    ).toEqual([
      'who can connect: 2 workloads, NetworkPolicies: 2, 1 connection',
      '',
      '  shop/web[Deployment] → shop/orders[Deployment]  TCP 8080',
      '',
    ]);
  });

  test('json has the same, and what reaches outside as CIDR blocks', () => {
    const { stdout } = cli(['graph', 'network', '.', '--format', 'json'], folderOf(shop));
    const web = { kind: 'Deployment', namespace: 'shop', name: 'web' };
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      connections: [{ from: web, to: { ...web, name: 'orders' }, ports: { TCP: [[8080, 8080]] } }],
      outside: expect.arrayContaining([{ workload: web, direction: 'egress', cidrs: ['0.0.0.0/0', '::/0'], ports: expect.anything() }]),
      problems: [],
    });
  });

  test('a policy that can’t be judged and a document that can’t be read are said, and are exit code 1', () => {
    const undecided = cli(['graph', 'network', '.'], folderOf(shop + policy('odd', '{ podSelector: { matchLabels: { app: 7 } } }')));
    expect(undecided.code).toBe(1);
    expect(undecided.stdout).toContain('not taken into account: NetworkPolicy shop/odd');
    const unreadable = cli(['graph', 'network', '.'], folderOf(`${shop}---\nkind: [\n`));
    expect(unreadable.code).toBe(1);
    expect(unreadable.stderr).toMatch(/all\.yaml:\d+/);
    expect(unreadable.stdout).toContain('shop/web[Deployment] → shop/orders[Deployment]');
  });

  test('manifests without a workload are nothing to look at', () => {
    const { code, stdout, stderr } = cli(['graph', 'network', '.'], folderOf(policy('alone', NOBODY_TO_WEB)));
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toContain('there is no workload in .');
  });

  test.each([
    [['network'], 'graph network takes manifests'],
    [['network', '.', '--env', 'dev'], 'looks at manifests alone'],
    [['nothing'], 'graph can\'t show "nothing"'],
  ])('%j is bad usage', (words, told) => {
    const { code, stdout, stderr } = cli(['graph', ...words]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(told);
  });
});
