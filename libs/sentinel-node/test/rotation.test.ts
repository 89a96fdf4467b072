import { readdirSync } from 'node:fs';
import { createServer } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { silentLogger } from '../src/index.js';
import { type Files, filesOf, policyOf } from './_folder.js';
import { type Answer, codeOf, get, listen, Party, until } from './_mtls.js';
import { hostOf, idOf, type Leaf, TestAuthority } from './_pki.js';

let old: TestAuthority;
let fresh: TestAuthority;
const parties: Party[] = [];

beforeAll(async () => {
  old = await TestAuthority.make('old');
  fresh = await TestAuthority.make('fresh');
});
afterEach(async () => {
  for (const party of parties.splice(0)) await party.close();
});

async function open(...args: Parameters<typeof Party.open>): Promise<Party> {
  const party = await Party.open(...args);
  parties.push(party);
  return party;
}

const apiPolicy = policyOf({ service: 'api', allow: ['web'] });
const webPolicy = policyOf({ service: 'web', calls: ['api'] });
const api = (leaf: Leaf, ...roots: TestAuthority[]): Files => filesOf(leaf, roots, apiPolicy);
const web = (leaf: Leaf, ...roots: TestAuthority[]): Files => filesOf(leaf, roots, webPolicy);

/** Requests without end on kept-alive and on new connections, until told to stop. */
function load(from: Party, port: number, workers = 8): { stop(): Promise<{ readonly answers: Answer[]; readonly errors: string[] }> } {
  let running = true;
  const answers: Answer[] = [];
  const errors: string[] = [];
  const work = Array.from({ length: workers }, async (_, index) => {
    const kept = from.agentTo(port);
    while (running) {
      const agent = index % 2 === 0 ? kept : from.agentTo(port, { maxSockets: 1 });
      try {
        answers.push(await get(agent, 'api'));
      } catch (error) {
        errors.push(String(error));
      }
      if (agent !== kept) agent.destroy();
    }
  });
  return {
    async stop() {
      running = false;
      await Promise.all(work);
      return { answers, errors };
    },
  };
}

test('[36] roots old, both, new, with leaves renewed in each phase and a caller that lags, drop no request', async () => {
  const [a1, a2, a3, w1, w2, w3] = await Promise.all([
    old.issue('api'),
    old.issue('api'),
    fresh.issue('api'),
    old.issue('web'),
    old.issue('web'),
    fresh.issue('web'),
  ]);
  const server = await open(api(a1, old), { timings: { drainGraceMs: 300 } });
  const client = await open(web(w1, old), { timings: { drainGraceMs: 300 } });
  const { port } = await server.serve();
  const running = load(client, port);
  const phases: [Party, Files][] = [
    [server, api(a1, old, fresh)],
    [client, web(w1, old, fresh)],
    [server, api(a2, old, fresh)],
    [client, web(w2, old, fresh)],
    [server, api(a3, old, fresh)],
    [client, web(w3, old, fresh)],
    [client, web(w3, fresh)],
    [server, api(a3, fresh)],
  ];
  for (const [party, files] of phases) {
    const before = server.count('sentinel_mtls_handshakes_total', { result: 'accepted' });
    await party.swap(files);
    await until(() => server.count('sentinel_mtls_handshakes_total', { result: 'accepted' }) >= before + 10, 'handshakes in this phase');
  }
  const { answers, errors } = await running.stop();
  expect(errors).toEqual([]);
  expect(answers.length).toBeGreaterThan(100);
  expect(server.mtls.current().number).toBe(5);
});

test('[37] an abrupt swap without overlap fails, and the failures are counted by reason', async () => {
  const server = await open(api(await old.issue('api'), old));
  const client = await open(web(await old.issue('web'), old));
  const { port } = await server.serve();
  await server.swap(api(await fresh.issue('api'), fresh));
  expect(await codeOf(get(client.agentTo(port), 'api'))).toMatch(/^UNABLE_TO_|SELF_SIGNED/);
  expect(client.count('sentinel_mtls_handshakes_total', { side: 'client', reason: 'peer-chain-untrusted' })).toBe(1);
});

test('[38] a CA that was renewed before its leaves: with both roots in the bundle every pair still works', async () => {
  const server = await open(api(await old.issue('api'), old, fresh));
  const { port } = await server.serve();
  for (const authority of [old, fresh]) {
    const client = await open(web(await authority.issue('web'), old, fresh));
    expect((await get(client.agentTo(port), 'api')).status).toBe(200);
  }
});

/** A caller that keeps what it is given to resume with. */
function callKeepingSession(
  port: number,
  leaf: Leaf,
  session?: Buffer,
): Promise<{ readonly answered: boolean; readonly reused: boolean; readonly session: Buffer | undefined }> {
  return new Promise(resolve => {
    let kept: Buffer | undefined;
    let answered = false;
    const socket: TLSSocket = connect({
      port,
      host: '127.0.0.1',
      servername: hostOf('api'),
      rejectUnauthorized: false,
      ...leaf,
      ...(session && { session }),
    });
    socket.on('session', data => {
      kept = data;
    });
    socket.on('error', () => {});
    socket.on('data', () => {
      answered = true;
    });
    socket.once('secureConnect', () => socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'));
    const reused = (): boolean => socket.isSessionReused();
    let wasReused = false;
    socket.once('secureConnect', () => {
      wasReused = reused();
    });
    socket.on('close', () => resolve({ answered, reused: wasReused, session: kept }));
  });
}

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  '[39][41](trap 4) %s: no session is ever resumed, so a removed root and an expired caller stay out',
  async minVersion => {
    const server = await open(api(await old.issue('api'), old, fresh), { minVersion });
    const { port } = await server.serve();
    const short = await old.issue('web', { from: -1, to: 0.0008 });
    const first = await callKeepingSession(port, short);
    expect([first.answered, first.reused]).toEqual([true, false]);
    const second = await callKeepingSession(port, short, first.session);
    expect([second.answered, second.reused]).toEqual([true, false]);
    const notAfter = performance.now() + 4000;
    await until(() => performance.now() > notAfter, 'the expiry of the caller');
    expect(await callKeepingSession(port, short, first.session)).toMatchObject({ answered: false });
    const caller = await old.issue('web');
    const before = await callKeepingSession(port, caller);
    expect(before.answered).toBe(true);
    await server.swap(api(await fresh.issue('api'), fresh));
    expect(await callKeepingSession(port, caller, before.session)).toMatchObject({ answered: false, reused: false });
  },
);

test('[39] the same caller is resumed by a server without our options, so that the test above can fail', async () => {
  const leaf = await old.issue('api');
  const server = createServer({ ...leaf, ca: old.pem, requestCert: true }, (_request, response) => response.end('ok'));
  const port = await listen(server);
  const caller = await old.issue('web');
  const first = await callKeepingSession(port, caller);
  expect(await callKeepingSession(port, caller, first.session)).toMatchObject({ answered: true, reused: true });
  server.close();
});

test('[39] a root that leaves the bundle: its connections are told with the next answer, idle ones end after the grace', async () => {
  const server = await open(api(await old.issue('api'), old, fresh), { timings: { drainGraceMs: 400 } });
  const { port } = await server.serve();
  const [stale, idle, good] = await Promise.all([
    open(web(await old.issue('web'), old, fresh)),
    open(web(await old.issue('web'), old, fresh)),
    open(web(await fresh.issue('web'), old, fresh)),
  ]);
  const agents = [stale, idle, good].map(party => party.agentTo(port));
  const before = await Promise.all(agents.map(agent => get(agent, 'api')));
  const swapped = performance.now();
  await server.swap(api(await fresh.issue('api'), fresh));
  const [staleAgent, idleAgent, goodAgent] = agents as [(typeof agents)[0], (typeof agents)[0], (typeof agents)[0]];
  if (!staleAgent || !idleAgent || !goodAgent) throw new Error('three agents');
  expect(await get(staleAgent, 'api')).toMatchObject({ status: 200, localPort: before[0]?.localPort, headers: { connection: 'close' } });
  await until(() => Object.keys(idleAgent.freeSockets).length === 0, 'the end of the idle connection');
  expect(performance.now() - swapped).toBeGreaterThanOrEqual(390);
  // new handshakes with the old root are refused, the good connection never noticed
  await codeOf(get(idleAgent, 'api'));
  expect(server.count('sentinel_mtls_handshakes_total', { reason: 'peer-chain-untrusted' })).toBe(1);
  expect(await get(goodAgent, 'api')).toMatchObject({ status: 200, localPort: before[2]?.localPort });
  expect(server.count('sentinel_mtls_drained_connections_total', { reason: 'root-removed' })).toBe(2);
  expect(server.events('drain-started').map(({ fields }) => fields.connections)).toEqual([2]);
  expect(server.events('drain-ended').map(({ fields }) => fields.destroyed)).toEqual([1]);
});

test('[39] a handshake that began before the root was removed is judged by the roots of now', async () => {
  const server = await open(api(await old.issue('api'), old, fresh));
  const { port } = await server.serve();
  const caller = await old.issue('web');
  // half a handshake: the socket is connected under the old context, and speaks only after the swap
  const { connect: connectPlain } = await import('node:net');
  const raw = connectPlain({ port, host: '127.0.0.1' });
  await new Promise<void>(resolve => raw.once('connect', () => resolve()));
  await new Promise(resolve => setImmediate(resolve));
  await server.swap(api(await fresh.issue('api'), fresh));
  const answered = await new Promise<boolean>(resolve => {
    const socket = connect({ socket: raw, servername: hostOf('api'), rejectUnauthorized: false, ...caller });
    let data = false;
    socket.on('error', () => {});
    socket.on('data', () => {
      data = true;
    });
    socket.on('close', () => resolve(data));
    socket.once('secureConnect', () => socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'));
  });
  expect(answered).toBe(false);
  expect(server.count('sentinel_mtls_handshakes_total', { side: 'server', reason: 'peer-chain-untrusted' })).toBe(1);
});

test('[40] ticket keys shared by replicas resume nothing, since no tickets are given', async () => {
  const server = await open(api(await old.issue('api'), old));
  const { port, server: http } = await server.serve();
  const replica = await open(api(await old.issue('api'), old));
  const { port: replicaPort, server: replicaHttp } = await replica.serve();
  const keys = (http as ReturnType<typeof createServer>).getTicketKeys();
  (replicaHttp as ReturnType<typeof createServer>).setTicketKeys(keys);
  const caller = await old.issue('web');
  const first = await callKeepingSession(port, caller);
  expect(await callKeepingSession(replicaPort, caller, first.session)).toMatchObject({ answered: true, reused: false });
});

test('[42] a bundle of two roots, cut in the second one, keeps both', async () => {
  const server = await open(api(await old.issue('api'), old, fresh));
  server.folder.write('ca.crt', (old.pem + fresh.pem).slice(0, -200));
  await server.mtls.refresh();
  expect(server.mtls.source.refusals.map(({ code }) => code)).toEqual(['bundle-malformed']);
  const { port } = await server.serve();
  const client = await open(web(await fresh.issue('web'), old, fresh));
  expect((await get(client.agentTo(port), 'api')).status).toBe(200);
});

test('[43] going back to the former files is a new generation with the former certificate', async () => {
  const [first, second] = [await old.issue('api'), await old.issue('api')];
  const server = await open(api(first, old));
  const id = server.mtls.current().id;
  await server.swap(api(second, old));
  await server.swap(api(first, old));
  expect([server.mtls.current().number, server.mtls.current().id]).toEqual([3, id]);
});

test('[44] two processes of a pod on different generations talk, while both bundles hold both roots', async () => {
  const behind = await open(api(await old.issue('api'), old, fresh));
  const ahead = await open(web(await fresh.issue('web'), old, fresh));
  expect((await get(ahead.agentTo((await behind.serve()).port), 'api')).status).toBe(200);
});

test('[45] 1,000 rotations leave no descriptor, no listener and no connection behind', async () => {
  const leaves = await Promise.all(Array.from({ length: 8 }, () => old.issue('api')));
  const server = await open(api(leaves[0] as Leaf, old), { logger: silentLogger });
  const { port, server: http } = await server.serve();
  const client = await open(web(await old.issue('web'), old));
  const agent = client.agentTo(port);
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  const listeners = (): number => http.eventNames().reduce((sum, name) => sum + http.listenerCount(name), 0);
  await get(agent, 'api');
  const before = [descriptors(), listeners()];
  for (let rotation = 1; rotation <= 1000; rotation++) {
    server.folder.write('tls.crt', leaves[rotation % leaves.length]?.cert ?? '');
    server.folder.write('tls.key', leaves[rotation % leaves.length]?.key ?? '');
    await server.mtls.refresh();
    if (rotation % 100 === 0) expect((await get(agent, 'api')).status).toBe(200);
  }
  expect(server.mtls.current().number).toBe(1001);
  expect([descriptors(), listeners()]).toEqual(before);
  expect(server.count('sentinel_mtls_connections', { side: 'server' })).toBe(1);
}, 120_000);

test('a swap takes the whole context: what is served is what the metric says', async () => {
  const server = await open(api(await old.issue('api'), old));
  const { port } = await server.serve();
  const served = (): Promise<string> =>
    new Promise(resolve => {
      const socket = connect({ port, host: '127.0.0.1', servername: hostOf('api'), rejectUnauthorized: false }, () => {
        resolve(socket.getPeerX509Certificate()?.serialNumber ?? 'none');
        socket.destroy();
      });
      socket.on('error', () => {});
    });
  expect(await served()).toBe(server.mtls.current().leaf.x509.serialNumber);
  await server.swap(api(await old.issue('api'), old));
  expect(await served()).toBe(server.mtls.current().leaf.x509.serialNumber);
  expect(server.mtls.metrics.text()).toContain(`spiffe_id="${idOf('api')}"`);
});
