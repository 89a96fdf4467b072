import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Api, DOCTOR_RESOURCES, dumpCluster, listPath, readDump, takeSnapshot } from '../../../lib/cluster/index.js';
import { make } from '../_certificates.js';
import { answer, StandInServer } from '../read/_server.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const folder = mkdtempSync(join(tmpdir(), 'sentinel-mtls-dump-'));
let server: StandInServer;
let api: Api;
let key: string;

/** Everything in here must not come out again. */
const SECRETS = { password: 'hunter2-password', token: 'token-of-vault', literal: 'literal-of-env' };

beforeAll(async () => {
  const leaf = await make({ dnsNames: ['orders.shop.svc'] });
  const other = await make({ dnsNames: ['other.shop.svc'] });
  key = leaf.keyPem();
  const annotations = {
    'kubectl.kubernetes.io/last-applied-configuration': `{"data":{"tls.key":"${base64(key)}"}}`,
    'vault.hashicorp.com/token': SECRETS.token,
  };
  const secret = (name: string, data: Record<string, string>): object => ({
    metadata: {
      name,
      namespace: 'shop',
      annotations,
      managedFields: [{ manager: 'cert-manager', fieldsV1: { 'f:data': { 'f:tls.key': {} } } }],
    },
    type: 'kubernetes.io/tls',
    data,
  });
  const items: Record<string, object[]> = {
    secrets: [
      // a key beside the certificate, as HAProxy wants it
      secret('orders-tls', {
        'tls.crt': base64(leaf.pem + key),
        'tls.key': base64(key),
        'ca.crt': base64(`${leaf.pem}${key}`),
        password: base64(SECRETS.password),
      }),
      secret('wrong-tls', { 'tls.crt': base64(leaf.pem), 'tls.key': base64(other.keyPem()) }),
    ],
    pods: [
      {
        metadata: { name: 'orders', namespace: 'shop', annotations },
        spec: {
          containers: [{ name: 'a', image: 'orders:1', args: [SECRETS.password], env: [{ name: 'PASSWORD', value: SECRETS.literal }] }],
        },
      },
    ],
    configmaps: [
      { metadata: { name: 'settings', namespace: 'shop' }, data: { 'app.ini': `password=${SECRETS.password}`, 'ca.crt': leaf.pem } },
    ],
  };
  server = await StandInServer.start(({ url = '' }, response) => {
    const path = url.split('?')[0] ?? '';
    if (path === '/version') return answer(response, 200, { gitVersion: 'v1.34.4' });
    const resource = DOCTOR_RESOURCES.find(candidate => listPath(candidate) === path);
    answer(response, 200, { items: items[resource?.plural ?? ''] ?? [] });
  });
  api = new Api(server.connection);
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a dump has no key, no password and no literal of an environment in it, in whatever field they stood', async () => {
  const target = join(folder, 'dump');
  await dumpCluster(api, DOCTOR_RESOURCES, target);
  const files = readdirSync(target).map(file => join(target, file));
  const text = files.map(file => readFileSync(file, 'utf8')).join('\n');
  expect(files.length).toBeGreaterThan(3);
  // the certificates are there: the search below would find the rest
  expect(text).toContain('orders-tls');
  const body = key.split('\n').slice(1, -2).join('');
  const decoded = [...text.matchAll(/[A-Za-z0-9+/=]{40,}/g)].map(([match]) => Buffer.from(match, 'base64').toString('latin1')).join('\n');
  for (const haystack of [text, decoded])
    for (const needle of [...Object.values(SECRETS), 'PRIVATE KEY', body, body.slice(0, 40), base64(key).slice(0, 60)])
      expect(haystack).not.toContain(needle);
  expect(files.map(file => (statSync(file).mode & 0o777).toString(8))).toEqual(files.map(() => '600'));
  expect((statSync(target).mode & 0o777).toString(8)).toBe('700');
});

test('a dump says of a key whether it fits, and of which form it is', async () => {
  const { objects } = await takeSnapshot(api, DOCTOR_RESOURCES);
  expect(objects.get('Secret', 'shop', 'orders-tls')?.held).toMatchObject({
    'tls.key': { form: 'PKCS8', fits: true },
    password: { bytes: 16 },
  });
  expect(objects.get('Secret', 'shop', 'wrong-tls')?.held).toMatchObject({ 'tls.key': { fits: false } });
  expect(objects.get('Secret', 'shop', 'wrong-tls')?.writers).toEqual(['cert-manager']);
});

test('what is read from a dump is what was read from the server', async () => {
  const target = join(folder, 'same');
  await dumpCluster(api, DOCTOR_RESOURCES, target);
  const [read, taken] = [readDump(target), await takeSnapshot(api, DOCTOR_RESOURCES)];
  expect([...read.objects]).toEqual(JSON.parse(JSON.stringify([...taken.objects])));
  expect(read.header.resources).toEqual(taken.header.resources);
});

test('a folder that holds something is not written into', async () => {
  const target = join(folder, 'same');
  await expect(dumpCluster(api, DOCTOR_RESOURCES, target)).rejects.toMatchObject({ code: 'CLUSTER_DUMP' });
});

test('a dump that is not whole, or broken, is an error with the line', async () => {
  expect(() => readDump(join(folder, 'none'))).toThrow(/it has no snapshot.json/);
  const target = join(folder, 'broken');
  await dumpCluster(api, DOCTOR_RESOURCES, target);
  writeFileSync(join(target, 'pods.jsonl'), '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}}\n{"kind":\n');
  expect(() => readDump(target)).toThrow(/pods\.jsonl:2 is no Kubernetes object/);
  writeFileSync(join(target, 'snapshot.json'), '{"schemaVersion":2}');
  expect(() => readDump(target)).toThrow(/is not of version 1/);
  expect(existsSync(target)).toBe(true);
});
