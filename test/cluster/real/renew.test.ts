import { X509Certificate } from 'node:crypto';
import { cli } from '../../cli/_cli.js';
import { clusterTools, type RealCluster } from './_cluster.js';
import { startShop } from './_shop.js';

const tools = clusterTools();
const withCluster = tools === undefined ? test.skip : test;

jest.setTimeout(240_000);

let cluster: RealCluster;

beforeAll(async () => {
  if (tools !== undefined) cluster = await startShop(tools);
});

afterAll(() => cluster?.stop());

const run = (...args: readonly string[]): ReturnType<typeof cli> => cli(['renew', '--kubeconfig', cluster.kubeconfig(), ...args]);

function serial(name: string): string {
  const pem = Buffer.from(cluster.kubectl(['get', 'secret', name, '-n', 'shop', '-o', 'jsonpath={.data.tls\\.crt}']), 'base64');
  return new X509Certificate(pem).serialNumber;
}

withCluster('a dry run names the Certificates, leaves out the authority, and changes nothing', () => {
  const before = serial('orders-tls');
  expect(run('--all', '--dry-run')).toEqual({
    code: 0,
    stdout: 'shop/orders-tls: would be renewed\nshop/web-tls: would be renewed\n',
    stderr: '',
  });
  expect(serial('orders-tls')).toBe(before);
});

withCluster('a service is renewed, and the command ends when its Secret holds another certificate', () => {
  const before = { orders: serial('orders-tls'), web: serial('web-tls') };
  const { code, stdout } = run('orders', '--wait');
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^shop\/orders-tls: renewed: the Secret holds a certificate until /),
  });
  expect(serial('orders-tls')).not.toBe(before.orders);
  expect(serial('web-tls')).toBe(before.web);
});

withCluster('all Certificates of an issuer are renewed, one at a time and apart', () => {
  const start = performance.now();
  const { code, stdout } = run('--issuer', 'shop-ca-issuer', '--wait', '--max-parallel', '1', '--stagger', '2s', '--format', 'json');
  expect(code).toBe(0);
  expect((JSON.parse(stdout) as { renewals: { outcome: string }[] }).renewals.map(({ outcome }) => outcome)).toEqual([
    'renewed',
    'renewed',
  ]);
  expect(performance.now() - start).toBeGreaterThan(2_000);
});

withCluster('a renewal that does not come is a failure, and what waits behind it is not begun', () => {
  cluster.kubectl(['patch', 'clusterissuer', 'shop-ca-issuer', '--type=merge', '-p', '{"spec":{"ca":{"secretName":"gone"}}}']);
  const { code, stdout } = run('--all', '--wait', '--timeout', '4s', '--max-parallel', '1');
  expect(code).toBe(1);
  expect(stdout).toMatch(/^shop\/orders-tls: failed: not renewed within 4 s.*\nshop\/web-tls: not-begun: /);
  // it is still being issued: a second call must not pretend to have begun anything
  expect(run('orders').stdout).toMatch(/^shop\/orders-tls: under-way: /);
});

withCluster('a name that is not there is an error before anything is begun', () => {
  const { code, stderr } = run('web', 'nobody');
  expect(code).toBe(2);
  expect(stderr).toContain('there is no Certificate nobody');
});
