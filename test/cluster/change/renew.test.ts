import { Api, chooseCertificates, renew } from '../../../lib/cluster/index.js';
import type { KubernetesObject } from '../../../lib/objects/index.js';
import { answer, StandInServer } from '../read/_server.js';

const certificate = (name: string, changes: object = {}): KubernetesObject => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { name, namespace: 'shop', labels: { 'sentinel-mtls.io/fleet': 'shop' }, resourceVersion: '1' },
  spec: { secretName: name, issuerRef: { name: 'ca', kind: 'ClusterIssuer' }, ...changes },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
});

let server: StandInServer | undefined;

afterEach(async () => {
  await server?.stop();
});

async function api(items: readonly KubernetesObject[], onPut: (body: unknown) => number): Promise<Api> {
  server = await StandInServer.start((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (request.method === 'PUT') {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const status = onPut(JSON.parse(Buffer.concat(chunks).toString()));
        answer(response, status, { message: `status ${status}` });
      });
      return;
    }
    if (path.endsWith('/certificates')) return answer(response, 200, { items });
    const found = items.find(({ metadata }) => path.endsWith(`/certificates/${metadata.name}`));
    answer(response, found === undefined ? 404 : 200, found ?? { message: 'not found' });
  });
  return new Api(server.connection);
}

test('the condition is set with the version that was read, and other conditions are kept', async () => {
  let sent: unknown;
  const keep = (body: unknown): number => {
    sent = body;
    return 200;
  };
  const asked = await renew(await api([certificate('a-tls')], keep), [certificate('a-tls')]);
  expect(asked).toEqual([{ certificate: 'shop/a-tls', outcome: 'asked', message: expect.any(String) }]);
  expect(sent).toMatchObject({
    metadata: { resourceVersion: '1' },
    status: { conditions: [{ type: 'Ready' }, { type: 'Issuing', status: 'True', reason: 'ManuallyTriggered' }] },
  });
});

test('a conflict with the controller is tried again, and not for ever', async () => {
  let puts = 0;
  expect(await renew(await api([certificate('a-tls')], () => (++puts < 3 ? 409 : 200)), [certificate('a-tls')])).toMatchObject([
    { outcome: 'asked' },
  ]);
  expect(puts).toBe(3);
  await server?.stop();
  puts = 0;
  expect(await renew(await api([certificate('a-tls')], () => (++puts > 0 ? 409 : 200)), [certificate('a-tls')])).toMatchObject([
    { outcome: 'failed' },
  ]);
  expect(puts).toBe(6);
});

test('after a failure none is begun any more', async () => {
  const all = ['a-tls', 'b-tls', 'c-tls'].map(name => certificate(name));
  const results = await renew(await api(all, () => 403), all);
  expect(results.map(({ outcome }) => outcome)).toEqual(['failed', 'not-begun', 'not-begun']);
});

test('a service stands for its certificates; authorities and other fleets are not meant by --all', async () => {
  const stranger = { ...certificate('stranger'), metadata: { name: 'stranger', namespace: 'shop' } };
  const all = [certificate('orders-tls'), certificate('orders-public-tls'), certificate('ca', { isCA: true }), stranger];
  const from = await api(all, () => 200);
  const names = async (choice: Partial<Parameters<typeof chooseCertificates>[1]>): Promise<string[]> =>
    (await chooseCertificates(from, { names: [], all: false, ...choice })).map(({ metadata }) => metadata.name);
  expect(await names({ names: ['orders'] })).toEqual(['orders-public-tls', 'orders-tls']);
  expect(await names({ all: true })).toEqual(['orders-public-tls', 'orders-tls']);
  expect(await names({ issuer: 'ca' })).toEqual(['orders-public-tls', 'orders-tls', 'stranger']);
  expect(await names({ names: ['ca'] })).toEqual(['ca']);
  await expect(names({ names: ['nobody'] })).rejects.toMatchObject({ code: 'CLUSTER_CONFIG' });
});
