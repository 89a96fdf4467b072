import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { Agent, request } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { authorizeSpiffeId, peerOfRequest } from '../src/index.js';
import { type Files, filesOf, PORT, policyOf } from './_folder.js';
import { answerOk, codeOf, get, listen, Party, until } from './_mtls.js';
import { hostOf, idOf, type Leaf, TestAuthority } from './_pki.js';

let root: TestAuthority;
let fresh: TestAuthority;
const parties: Party[] = [];
const closing: (() => void)[] = [];

beforeAll(async () => {
  root = await TestAuthority.make('root');
  fresh = await TestAuthority.make('fresh');
});
afterEach(async () => {
  for (const close of closing.splice(0)) close();
  for (const party of parties.splice(0)) await party.close();
});

async function open(...args: Parameters<typeof Party.open>): Promise<Party> {
  const party = await Party.open(...args);
  parties.push(party);
  return party;
}

const api = (leaf: Leaf, ...roots: TestAuthority[]): Files => filesOf(leaf, roots, policyOf({ service: 'api', allow: ['web'] }));
const web = (leaf: Leaf, ...roots: TestAuthority[]): Files => filesOf(leaf, roots, policyOf({ service: 'web', calls: ['api', 'other'] }));

test('[46](trap 1) 200 rotations under load: no request fails, on kept connections and on new ones', async () => {
  const leaves = await Promise.all(Array.from({ length: 8 }, () => root.issue('api')));
  const callers = await Promise.all(Array.from({ length: 4 }, () => root.issue('web')));
  const server = await open(api(leaves[0] as Leaf, root));
  const client = await open(web(callers[0] as Leaf, root));
  const { port } = await server.serve();
  const errors: string[] = [];
  let running = true;
  let answers = 0;
  const workers = Array.from({ length: 10 }, async (_, index) => {
    const kept = client.agentTo(port);
    while (running) {
      const agent = index % 2 === 0 ? kept : client.agentTo(port);
      try {
        await get(agent, 'api');
        answers++;
      } catch (error) {
        errors.push(String(error));
      }
      if (agent !== kept) agent.destroy();
    }
  });
  for (let rotation = 1; rotation <= 200; rotation++) {
    await server.swap(api(leaves[rotation % leaves.length] as Leaf, root));
    // a rotation alone would give the event loop no turn
    await new Promise(resolve => setTimeout(resolve, 5));
    if (rotation % 4 === 0) await client.swap(web(callers[(rotation / 4) % callers.length] as Leaf, root));
  }
  running = false;
  await Promise.all(workers);
  expect(errors).toEqual([]);
  expect(answers).toBeGreaterThan(200);
  expect([server.mtls.current().number, client.mtls.current().number]).toEqual([201, 51]);
}, 120_000);

test('[47] an answer under way outlives a rotation of leaf and roots, on both sides', async () => {
  const server = await open(api(await root.issue('api'), root, fresh), { timings: { drainGraceMs: 5000 } });
  const client = await open(web(await root.issue('web'), root, fresh), { timings: { drainGraceMs: 5000 } });
  let finish: () => void = () => {};
  const { port } = await server.serve((_request, response) => {
    response.write('first ');
    finish = () => response.end('last');
  });
  const answer = get(client.agentTo(port), 'api');
  await until(() => server.count('sentinel_mtls_connections', { side: 'server' }) === 1, 'the request');
  await server.swap(api(await fresh.issue('api'), root, fresh));
  await client.swap(web(await fresh.issue('web'), root, fresh));
  await server.swap(api(await fresh.issue('api'), fresh));
  finish();
  expect((await answer).body).toBe('first last');
});

test('[47][48] a stream of HTTP/2 outlives a rotation; a session whose root left gets GOAWAY, ends its streams, and is followed by another', async () => {
  const server = await open(api(await root.issue('api'), root, fresh), { timings: { drainGraceMs: 5000 } });
  const http2 = server.mtls.createHttp2Server({ port: PORT });
  const streams: { end(text: string): void }[] = [];
  http2.on('stream', stream => {
    stream.respond({ ':status': 200 });
    stream.write('first ');
    streams.push(stream);
  });
  const port = await listen(http2 as never);
  closing.push(() => http2.close());
  const client = await open(web(await root.issue('web'), root, fresh));
  const socket = client.mtls.connect({ host: hostOf('api'), port: PORT, via: { host: '127.0.0.1', port }, alpn: ['h2'] });
  await once(socket, 'secureConnect');
  const session = connectHttp2(`https://${hostOf('api')}:${PORT}`, { createConnection: () => socket });
  closing.push(() => session.destroy());
  const goaways: number[] = [];
  session.on('goaway', code => goaways.push(code));
  const stream = session.request({ ':path': '/' });
  let body = '';
  stream.on('data', chunk => {
    body += String(chunk);
  });
  await until(() => streams.length === 1 && body !== '', 'the stream');
  await server.swap(api(await root.issue('api'), root, fresh));
  expect(goaways).toEqual([]);
  await server.swap(api(await fresh.issue('api'), fresh));
  await until(() => goaways.length === 1, 'GOAWAY');
  streams[0]?.end('last');
  await once(stream, 'close');
  expect(body).toBe('first last');
  await until(() => session.destroyed, 'the end of the session');
  await until(() => server.count('sentinel_mtls_drained_connections_total', { reason: 'root-removed' }) === 1, 'the count');
});

test('[48] a WebSocket stays over a change of leaf, and ends within the grace when its root leaves', async () => {
  const server = await open(api(await root.issue('api'), root, fresh), { timings: { drainGraceMs: 200 } });
  const client = await open(web(await root.issue('web'), root, fresh));
  const { port, server: http } = await server.serve();
  http.on('upgrade', (_request, socket: Socket) =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\nconnection: upgrade\r\n\r\n'),
  );
  const call = request({
    host: hostOf('api'),
    port: PORT,
    agent: client.agentTo(port),
    headers: { upgrade: 'echo', connection: 'upgrade' },
  });
  call.end();
  const [, socket] = (await once(call, 'upgrade')) as [unknown, TLSSocket];
  socket.on('error', () => {});
  await server.swap(api(await root.issue('api'), root, fresh));
  await client.swap(web(await root.issue('web'), root, fresh));
  expect(socket.destroyed || socket.readableEnded).toBe(false);
  const swapped = performance.now();
  await server.swap(api(await fresh.issue('api'), fresh));
  await once(socket, 'close');
  expect(performance.now() - swapped).toBeGreaterThanOrEqual(190);
  expect(performance.now() - swapped).toBeLessThan(5000);
});

test('[48] a caller that was taken off the list is refused its upgrade', async () => {
  const server = await open(api(await root.issue('api'), root));
  const client = await open(web(await root.issue('web'), root));
  const { port, server: http } = await server.serve();
  let upgrades = 0;
  http.on('upgrade', (_request, socket: Socket) => {
    upgrades++;
    socket.destroy();
  });
  const agent = client.agentTo(port);
  await get(agent, 'api');
  await server.swap(filesOf(await root.issue('api'), [root], policyOf({ service: 'api' })));
  const call = request({ host: hostOf('api'), port: PORT, agent, headers: { upgrade: 'echo', connection: 'upgrade' } });
  call.end();
  const [response] = (await once(call, 'response')) as [{ statusCode: number }];
  expect([response.statusCode, upgrades]).toEqual([403, 0]);
});

test('[49](trap 14) after a rotation of the caller no request goes out under its former identity', async () => {
  const leaves = await Promise.all(Array.from({ length: 5 }, () => root.issue('web')));
  const server = await open(api(await root.issue('api'), root));
  const seen: string[] = [];
  const { port } = await server.serve((incoming, response) => {
    seen.push(peerOfRequest(incoming)?.certificate?.serial ?? 'none');
    response.end('ok');
  });
  const client = await open(web(leaves[0] as Leaf, root));
  const agent = client.agentTo(port);
  for (const leaf of leaves) {
    await client.swap(web(leaf, root));
    const now = client.mtls.current().leaf.facts.serial;
    for (let call = 0; call < 3; call++) await get(agent, 'api');
    expect(seen.splice(0)).toEqual([now, now, now]);
  }
  await until(() => client.count('sentinel_mtls_connections', { side: 'client' }) === 1, 'the end of the former connections');
  expect(client.count('sentinel_mtls_drained_connections_total', { side: 'client', reason: 'identity-changed' })).toBe(4);
});

test('[49] a request that waits for a socket does not get one of the former identity', async () => {
  const server = await open(api(await root.issue('api'), root));
  const seen: string[] = [];
  let release: () => void = () => {};
  const { port } = await server.serve((incoming, response) => {
    seen.push(peerOfRequest(incoming)?.certificate?.serial ?? 'none');
    if (seen.length === 1) release = () => response.end('ok');
    else response.end('ok');
  });
  const client = await open(web(await root.issue('web'), root));
  const agent = client.agentTo(port, { maxSockets: 1 });
  const first = get(agent, 'api');
  await until(() => seen.length === 1, 'the first request');
  const waiting = get(agent, 'api');
  await client.swap(web(await root.issue('web'), root));
  release();
  await Promise.all([first, waiting]);
  expect(seen[1]).toBe(client.mtls.current().leaf.facts.serial);
  expect(seen[1]).not.toBe(seen[0]);
});

test('[50](trap 11) two expected servers never share a connection, and options of a request change no trust', async () => {
  const server = await open(api(await root.issue('api'), root));
  const client = await open(web(await root.issue('web'), root));
  const { port } = await server.serve();
  const agent = client.agentTo(port);
  await get(agent, 'api');
  // the same address, but another service is expected there
  expect(await codeOf(get(agent, 'other'))).toBe('peer-name-mismatch');
  const strict = client.agentTo(port, { authorizer: authorizeSpiffeId(idOf('someone')) });
  expect(await codeOf(get(strict, 'api'))).toBe('peer-not-listed');
  const stranger = await open(filesOf(await fresh.issue('api'), [fresh], policyOf({ service: 'api', allow: ['web'] })));
  const { port: strangerPort } = await stranger.serve();
  const tricks = { rejectUnauthorized: false, ca: fresh.pem, checkServerIdentity: () => undefined, servername: 'x' };
  expect(await codeOf(get(client.agentTo(strangerPort), 'api', tricks))).not.toBe('no error');
  expect(client.count('sentinel_mtls_handshakes_total', { side: 'client', result: 'accepted' })).toBe(1);
});

// Node 22.23 and 24.21 pool by checkServerIdentity too
const onNode20 = process.versions.node.startsWith('20.') ? test : test.skip;
if (onNode20 !== test)
  console.warn(`Node ${process.versions.node} has no longer the pool that [50] guards against: its control is not run`);

onNode20('[50] an agent of Node 20 itself does share the connection, so that the test above can fail', async () => {
  const server = await open(api(await root.issue('api'), root));
  const { port } = await server.serve();
  const caller = await root.issue('web');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  closing.push(() => agent.destroy());
  const call = (check: () => Error | undefined): Promise<number> =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        { host: '127.0.0.1', port, agent, ca: root.pem, ...caller, servername: hostOf('api'), checkServerIdentity: check },
        response => {
          response.resume();
          response.on('end', () => resolve(response.statusCode ?? 0));
        },
      );
      outgoing.on('error', reject);
      outgoing.end();
    });
  expect(await call(() => undefined)).toBe(200);
  expect(await call(() => new Error('nobody is expected'))).toBe(200);
});

test('[51] a graceful shutdown during a rotation ends requests under way, and frees everything', async () => {
  const server = await open(api(await root.issue('api'), root, fresh), { timings: { drainGraceMs: 5000 } });
  const client = await open(web(await root.issue('web'), root, fresh));
  let finish: () => void = () => {};
  const { port, server: http } = await server.serve((_request, response) => {
    finish = () => response.end('done');
  });
  const answer = get(client.agentTo(port), 'api');
  await until(() => server.count('sentinel_mtls_connections', { side: 'server' }) === 1, 'the request');
  const closed = new Promise<void>(resolve => http.close(() => resolve()));
  await server.swap(api(await fresh.issue('api'), fresh));
  expect(await codeOf(get(client.agentTo(port), 'api'))).toBe('ECONNREFUSED');
  finish();
  expect((await answer).body).toBe('done');
  await closed;
  // after its end the server hears of no swap, which would fail on it
  await server.swap(api(await fresh.issue('api'), fresh));
  expect(server.events('drain-started')).toHaveLength(1);
});

test('a swap changes nothing for open connections of the server when only its leaf is another', async () => {
  const server = await open(api(await root.issue('api'), root));
  const client = await open(web(await root.issue('web'), root));
  const { port } = await server.serve(answerOk);
  const agent = client.agentTo(port);
  const { localPort } = await get(agent, 'api');
  for (let rotation = 0; rotation < 5; rotation++) {
    await server.swap(api(await root.issue('api'), root));
    expect((await get(agent, 'api')).localPort).toBe(localPort);
  }
  expect(server.events('drain-started')).toEqual([]);
});
