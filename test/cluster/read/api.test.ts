import { takeSnapshot } from '../../../lib/cluster/index.js';
import { Api, ApiFailure, LARGEST_REPLY, NoReply } from '../../../lib/cluster/read/index.js';
import { STATUS_RESOURCES } from '../../../lib/cluster/snapshot/index.js';
import { answer, type Handler, StandInServer } from './_server.js';

let server: StandInServer | undefined;

async function serve(handler: Handler): Promise<StandInServer> {
  server = await StandInServer.start(handler);
  return server;
}

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

const pod = (name: string): object => ({ metadata: { name, namespace: 'a' }, spec: {} });
const page = (names: readonly string[], token = ''): object => ({ metadata: { continue: token }, items: names.map(pod) });
const pods = STATUS_RESOURCES.filter(({ plural }) => plural === 'pods');

async function names(api: Api): Promise<string[]> {
  return [...(await takeSnapshot(api, pods)).objects].map(({ metadata }) => metadata.name);
}

test('lists come page by page, each with the token of the one before', async () => {
  const { connection, requests } = await serve(({ url = '' }, response) => {
    if (url === '/version') return answer(response, 200, { gitVersion: 'v1.34.4' });
    const token = new URL(url, 'https://x').searchParams.get('continue');
    answer(response, 200, token === null ? page(['a'], 'next') : page(['b']));
  });
  expect(await names(new Api(connection))).toEqual(['a', 'b']);
  expect(requests).toEqual(['GET /version', 'GET /api/v1/pods?limit=500', 'GET /api/v1/pods?limit=500&continue=next']);
});

test('a list that is too old to go on with begins anew, and what came before is forgotten', async () => {
  let expired = false;
  const { connection } = await serve(({ url = '' }, response) => {
    if (!url.includes('continue=')) return answer(response, 200, page(expired ? ['new'] : ['old'], 'next'));
    if (expired) return answer(response, 200, page(['last']));
    expired = true;
    answer(response, 410, { message: 'the provided continue parameter is too old' });
  });
  expect(await names(new Api(connection))).toEqual(['new', 'last']);
});

test('a list that is always too old is a gap, not an endless loop', async () => {
  const { connection } = await serve(({ url = '' }, response) =>
    url.includes('continue=') ? answer(response, 410, { message: 'too old' }) : answer(response, 200, page(['x'], 'next')),
  );
  const { header } = await takeSnapshot(new Api(connection), pods);
  expect(header.gaps).toEqual([{ resource: 'pods', reason: 'failed', message: '410: too old' }]);
});

test('a busy server is given the time that it asks for', async () => {
  let asked = 0;
  const { connection } = await serve((_, response) =>
    ++asked === 1 ? answer(response, 429, { message: 'busy' }, { 'retry-after': '1' }) : answer(response, 200, { gitVersion: 'v1' }),
  );
  const start = performance.now();
  expect(await new Api(connection).get('/version')).toEqual({ gitVersion: 'v1' });
  expect(performance.now() - start).toBeGreaterThan(990);
});

test('a server that stays busy is given up after the tries, with its own words', async () => {
  const { connection, requests } = await serve((_, response) =>
    answer(response, 429, { message: 'too many requests' }, { 'retry-after': '0' }),
  );
  await expect(new Api(connection, { tries: 3 }).get('/x')).rejects.toEqual(new ApiFailure(429, 'too many requests'));
  expect(requests).toHaveLength(3);
});

test('a change is not sent again when its answer is lost', async () => {
  const { connection, requests } = await serve(({ socket }) => socket.destroy());
  await expect(new Api(connection).ask({ method: 'PATCH', path: '/x', body: {} })).rejects.toBeInstanceOf(NoReply);
  expect(requests).toHaveLength(1);
});

test('an answer that trickles ends with the timeout of the request, not of the silence', async () => {
  const timers: NodeJS.Timeout[] = [];
  const { connection } = await serve((_, response) => {
    response.writeHead(200);
    timers.push(setInterval(() => response.write(' '), 20));
  });
  await expect(new Api(connection, { requestTimeoutMs: 200 }).get('/x')).rejects.toMatchObject({ reason: 'timeout' });
  timers.forEach(clearInterval);
});

test('a page that does not fit is asked for in smaller pages', async () => {
  const big = 'x'.repeat(LARGEST_REPLY);
  const { connection, requests } = await serve(({ url = '' }, response) => {
    if (url === '/version') return answer(response, 200, {});
    if (url.includes('limit=500')) return response.end(`{"items":["${big}"]}`);
    answer(response, 200, page(['a']));
  });
  expect(await names(new Api(connection))).toEqual(['a']);
  expect(requests.at(-1)).toBe('GET /api/v1/pods?limit=125');
});

test('a missing right and a missing resource are gaps with names', async () => {
  const { connection } = await serve(({ url = '' }, response) =>
    url.includes('/pods') ? answer(response, 403, { message: 'pods is forbidden' }) : answer(response, 404, { message: 'not found' }),
  );
  const { header } = await takeSnapshot(
    new Api(connection),
    STATUS_RESOURCES.filter(({ plural }) => ['pods', 'certificates'].includes(plural)),
  );
  expect(header.gaps.map(({ resource, reason }) => `${resource} ${reason}`)).toEqual([
    'certificates.cert-manager.io absent',
    'pods forbidden',
  ]);
});

test('credentials that are refused end the command, and are in no message', async () => {
  const { connection } = await serve((_, response) => answer(response, 401, { message: 'Unauthorized' }));
  const error = await new Api(connection).get('/x').catch((caught: Error) => caught);
  expect(error).toMatchObject({ code: 'CLUSTER_REFUSED' });
  expect(String((error as Error).stack)).not.toContain('secret-token');
});

test('a server with another authority is not talked to', async () => {
  const other = await StandInServer.start((_, response) => answer(response, 200, {}));
  const { connection } = await serve((_, response) => answer(response, 200, {}));
  const wrong = { ...connection, server: other.connection.server };
  await expect(new Api(wrong, { tries: 1 }).get('/x')).rejects.toMatchObject({ reason: 'connection' });
  expect(other.requests).toEqual([]);
  await other.stop();
});

test('nobody at the address is an error that says where', async () => {
  const { connection } = await serve(() => undefined);
  await server?.stop();
  await expect(takeSnapshot(new Api(connection, { tries: 1 }), pods)).rejects.toMatchObject({
    code: 'CLUSTER_UNREACHABLE',
    message: expect.stringContaining(connection.server.origin),
  });
});
