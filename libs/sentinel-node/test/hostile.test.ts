import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request as requestPlain } from 'node:http';
import type { RequestOptions } from 'node:https';
import { connect as connectPlain, createServer as createPlain, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { Mtls, type MtlsAgent, silentLogger } from '../src/index.js';
import { type Files, filesOf, PORT, policyOf } from './_folder.js';
import { codeOf, get, listen, Party, until } from './_mtls.js';
import { hostOf, idOf, type Leaf, TestAuthority } from './_pki.js';

let root: TestAuthority;
let caller: Leaf;
const parties: Party[] = [];
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  root = await TestAuthority.make('root');
  caller = await root.issue('web');
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  for (const party of parties.splice(0)) await party.close();
});

async function open(...args: Parameters<typeof Party.open>): Promise<Party> {
  const party = await Party.open(...args);
  parties.push(party);
  return party;
}

const apiFiles = async (): Promise<Files> => filesOf(await root.issue('api'), [root], policyOf({ service: 'api', allow: ['web'] }));
const webFiles = (): Files => filesOf(caller, [root], policyOf({ service: 'web', calls: ['api'] }));
const REQUEST = 'GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';

/** What a bare client hears after it sent a request, and how it ended. */
function callRaw(
  port: number,
  options: ConnectionOptions,
  text = REQUEST,
): Promise<{ readonly heard: string; readonly error: string; readonly socket: TLSSocket }> {
  return new Promise(resolve => {
    let heard = '';
    let error = '';
    const socket = connect({ port, host: '127.0.0.1', servername: hostOf('api'), rejectUnauthorized: false, ...options });
    socket.on('data', chunk => {
      heard += String(chunk);
    });
    socket.on('error', (problem: NodeJS.ErrnoException) => {
      error = problem.code ?? '';
    });
    socket.once('secureConnect', () => socket.write(text));
    socket.on('close', () => resolve({ heard, error, socket }));
  });
}

/** A plain socket that speaks as it is told. */
function rawSocket(port: number): Socket {
  const socket = connectPlain({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  // what the server says has to be read, or its end is never heard of
  socket.resume();
  closing.push(() => socket.destroy());
  return socket;
}

/** Resolves at the end of a socket, with or without an error. */
const ended = (socket: Socket): Promise<void> => new Promise(resolve => socket.once('close', () => resolve()));

const refusals = (party: Party, reason: string): number =>
  party.count('sentinel_mtls_handshakes_total', { side: 'server', result: 'refused', reason });

test('[52] a caller without a certificate reaches no handler', async () => {
  const server = await open(await apiFiles());
  let handled = 0;
  const { port } = await server.serve((_request, response) => {
    handled++;
    response.end();
  });
  for (let call = 0; call < 20; call++) expect((await callRaw(port, {})).heard).toBe('');
  await until(() => refusals(server, 'peer-no-certificate') === 20, 'the counts');
  expect(handled).toBe(0);
});

test('[53] plain HTTP on the TLS port is closed and counted, TLS on a plain port fails and never becomes plain', async () => {
  const server = await open(await apiFiles());
  const { port } = await server.serve();
  const plain = rawSocket(port);
  plain.write(REQUEST);
  await ended(plain);
  await until(() => refusals(server, 'plaintext') === 1, 'the count');
  const client = await open(webFiles());
  const received: string[] = [];
  const listener = createPlain(socket => {
    socket.on('error', () => {});
    socket.on('data', data => {
      received.push(data.toString('latin1'));
      socket.end('HTTP/1.1 200 OK\r\n\r\n');
    });
  });
  const plainPort = await listen(listener as never);
  closing.push(() => listener.close());
  expect(await codeOf(get(client.agentTo(plainPort), 'api'))).not.toBe('no error');
  expect(client.count('sentinel_mtls_handshakes_total', { side: 'client', reason: 'plaintext' })).toBe(1);
  expect(received.join('')).not.toContain('GET ');
});

test.each([
  ['TLSv1.3', ['TLSv1.2', 'TLSv1.1']],
  ['TLSv1.2', ['TLSv1.1', 'TLSv1']],
] as const)('[54](trap 2) with minVersion %s older versions are refused, also after 5 rotations', async (minVersion, older) => {
  const server = await open(await apiFiles(), { minVersion });
  const { port } = await server.serve();
  for (let rotation = 0; rotation <= 5; rotation++) {
    for (const version of older) {
      const { heard } = await callRaw(port, { ...caller, minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' });
      expect({ rotation, version, heard }).toEqual({ rotation, version, heard: '' });
    }
    expect((await callRaw(port, { ...caller, minVersion, maxVersion: minVersion })).heard).toContain('200 OK');
    await server.swap(await apiFiles());
  }
  expect(refusals(server, 'protocol-version')).toBe(6 * older.length);
});

test('[54] an SSLv2 hello is refused', async () => {
  const server = await open(await apiFiles());
  const { port } = await server.serve();
  const socket = rawSocket(port);
  // length 28; CLIENT-HELLO of version 2; one cipher of three bytes, no session, a challenge of 16 bytes
  socket.write(Buffer.concat([Buffer.from('801c010002000300000010010080', 'hex'), Buffer.alloc(16, 1)]));
  await ended(socket);
  await until(() => server.count('sentinel_mtls_handshakes_total', { result: 'refused' }) === 1, 'the count');
});

test('[55](trap 6) a silent caller and one that sends a byte at a time are destroyed after the handshake timeout, by every kind of server', async () => {
  const timeout = 300;
  for (const kind of ['https', 'http2', 'tls'] as const) {
    const server = await open(await apiFiles(), { timings: { handshakeTimeoutMs: timeout } });
    const { mtls } = server;
    const listener =
      kind === 'https'
        ? mtls.createHttpsServer({ port: PORT })
        : kind === 'http2'
          ? mtls.createHttp2Server({ port: PORT })
          : mtls.createTlsServer({ port: PORT });
    const port = await listen(listener as never);
    closing.push(() => listener.close());
    const started = performance.now();
    const [silent, dripping] = [rawSocket(port), rawSocket(port)];
    const hello = await clientHello();
    let sent = 0;
    const drip = setInterval(() => dripping.write(hello.subarray(sent++, sent)), 50);
    await Promise.all([ended(silent), ended(dripping)]);
    clearInterval(drip);
    expect({ kind, inTime: performance.now() - started < 5 * timeout }).toEqual({ kind, inTime: true });
    await until(() => refusals(server, 'handshake-timeout') === 2, 'the counts');
  }
});

test('a caller says how far it came: no address of that name, no connection, no handshake', async () => {
  const client = await open(webFiles(), { timings: { handshakeTimeoutMs: 300 } });
  const said = (agent: MtlsAgent, options: RequestOptions = {}): Promise<string> =>
    get(agent, 'api', options).then(
      ({ status }) => String(status),
      (error: Error & { code?: string }) => `${error.code}: ${error.message}`,
    );
  const agent = client.mtls.agent();
  closing.push(() => agent.destroy());
  expect(await said(agent, { lookup: () => {} })).toMatch(/^connect-failed: .*no address of that name within 300 ms$/);

  const silent = createPlain(socket => closing.push(() => socket.destroy()));
  closing.push(() => silent.close());
  expect(await said(client.agentTo(await listen(silent as never)))).toMatch(/^handshake-timeout: .*no handshake within 300 ms$/);

  // a process that accepts nothing: once its queue is full the kernel answers no further caller
  const script = "require('net').createServer().listen(0, '127.0.0.1', 1, function () { console.log(this.address().port); })";
  const stopped = spawn(process.execPath, ['-e', script]);
  closing.push(() => stopped.kill('SIGKILL'));
  const [line] = await once(stopped.stdout, 'data');
  const port = Number(String(line));
  stopped.kill('SIGSTOP');
  for (let queued = 0; queued < 4; queued += 1) rawSocket(port);
  await sleep(200);
  expect(await said(client.agentTo(port))).toMatch(/^connect-failed: .*no connection within 300 ms$/);
  expect(client.count('sentinel_mtls_handshakes_total', { side: 'client', reason: 'connect-failed' })).toBe(2);
});

test('[56] a flood of half handshakes leaves the server to its callers, and nothing behind', async () => {
  const server = await open(await apiFiles(), { timings: { handshakeTimeoutMs: 1500 } });
  const { port, server: http } = await server.serve();
  const flood = Array.from({ length: 300 }, () => rawSocket(port));
  await Promise.all(flood.map(socket => once(socket, 'connect')));
  const client = await open(webFiles());
  expect((await get(client.agentTo(port), 'api')).status).toBe(200);
  await until(() => refusals(server, 'handshake-timeout') === 300, 'the end of the flood');
  const connections = await new Promise<number>(resolve => http.getConnections((_error, count) => resolve(count)));
  expect(connections).toBe(1);
});

test('[56] accept survives the end of its descriptors', async () => {
  const folder = (await open(await apiFiles())).folder;
  // a process of its own, since the limit is the process's
  const script = `
    const { Mtls } = require('./libs/sentinel-node/dist/index.js');
    Mtls.open({ env: {}, watch: false, logger() {}, ...JSON.parse(process.argv[1]), timings: { firstGenerationDeadlineMs: 0, handshakeTimeoutMs: 1000 } }).then(mtls => {
      const server = mtls.createHttpsServer({ port: ${PORT} }, (_q, r) => r.end('ok'));
      server.listen(0, '127.0.0.1', () => console.log(server.address().port));
    });`;
  const child = spawn('prlimit', ['--nofile=60', process.execPath, '-e', script, JSON.stringify(folder.paths())], {
    cwd: join(__dirname, '../../..'),
  });
  closing.push(() => child.kill());
  const [line] = await once(child.stdout, 'data');
  const port = Number(String(line));
  const flood = Array.from({ length: 100 }, () => rawSocket(port));
  await Promise.all(
    flood.map(socket => Promise.race([new Promise<void>(resolve => socket.once('connect', () => resolve())), ended(socket)])),
  );
  for (const socket of flood) socket.destroy();
  const client = await open(webFiles());
  let status = 0;
  const deadline = performance.now() + 15_000;
  while (status !== 200 && performance.now() < deadline)
    status = (await get(client.agentTo(port), 'api').catch(() => ({ status: 0 }))).status;
  expect(status).toBe(200);
});

test('[57](trap 5) no renegotiation, no early data, no compression; any server name and none get the same judgement', async () => {
  const server = await open(await apiFiles(), { minVersion: 'TLSv1.2' });
  const { port } = await server.serve();
  const renegotiated = await new Promise<string>(resolve => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...caller, maxVersion: 'TLSv1.2' }, () => {
      socket.renegotiate({}, error => resolve(error ? 'refused' : 'renegotiated'));
    });
    socket.on('error', () => resolve('refused'));
    socket.on('close', () => resolve('refused'));
  });
  expect(renegotiated).toBe('refused');
  await server.swap(await apiFiles());
  const now = server.mtls.current().leaf.x509.serialNumber;
  for (const servername of ['', 'wrong.test', hostOf('api'), '10.0.0.1.nip.test']) {
    const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false, ...caller });
    await once(socket, 'secureConnect');
    expect([servername, socket.getPeerX509Certificate()?.serialNumber]).toEqual([servername, now]);
    socket.destroy();
    const stranger = await TestAuthority.make('stranger');
    expect((await callRaw(port, { servername, ...(await stranger.issue('web')) })).heard).toBe('');
  }
});

test('[57] a caller that offers only an unknown protocol by ALPN is refused by a server of HTTP/2', async () => {
  const server = await open(await apiFiles());
  const http2 = server.mtls.createHttp2Server({ port: PORT }, (_request, response) => response.end('ok'));
  const port = await listen(http2 as never);
  closing.push(() => http2.close());
  expect((await callRaw(port, { ...caller, ALPNProtocols: ['smtp'] })).heard).toBe('');
  expect((await callRaw(port, { ...caller, ALPNProtocols: ['http/1.1'] })).heard).toContain('200 OK');
});

test('[58] callers that close or reset anywhere in a handshake are counted, and end nothing else', async () => {
  const server = await open(await apiFiles());
  const { port } = await server.serve();
  const hello = await clientHello();
  const cuts = [1, 5, 6, Math.floor(hello.length / 2), hello.length - 1, hello.length];
  for (const cut of cuts) {
    for (const end of ['end', 'resetAndDestroy'] as const) {
      const socket = rawSocket(port);
      await once(socket, 'connect');
      await new Promise<void>(resolve => socket.write(hello.subarray(0, cut), () => resolve()));
      socket[end]();
    }
  }
  await until(() => refusals(server, 'handshake-closed') === 2 * cuts.length, 'the counts');
  const client = await open(webFiles());
  expect((await get(client.agentTo(port), 'api')).status).toBe(200);
});

async function clientHello(): Promise<Buffer> {
  const server = createPlain();
  const port = await listen(server as never);
  const caught = once(server, 'connection').then(async ([socket]) => {
    const [data] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return data;
  });
  connect({ port, host: '127.0.0.1', rejectUnauthorized: false }).on('error', () => {});
  const hello = await caught;
  server.close();
  return hello;
}

test('[59] headers in which a proxy would hand on an identity never reach the handler', async () => {
  const server = await open(await apiFiles());
  const client = await open(webFiles());
  const seen: unknown[] = [];
  const { port } = await server.serve((incoming, response) => {
    seen.push({ headers: incoming.headers, distinct: incoming.headersDistinct, raw: incoming.rawHeaders });
    response.end();
  });
  const forged = {
    'X-Forwarded-Client-Cert': `URI=${idOf('admin')}`,
    'x-client-cert': 'x',
    'X-SSL-Client-DN': 'CN=admin',
    'ssl-client-verify': 'SUCCESS',
    'x-spiffe-id': idOf('admin'),
    'X-Peer-SPIFFE-ID': idOf('admin'),
  };
  await get(client.agentTo(port), 'api', { headers: { ...forged, 'x-request-id': 'kept', server: 'kept' } });
  const text = JSON.stringify(seen).toLowerCase();
  for (const name of Object.keys(forged)) expect({ name, there: text.includes(name.toLowerCase()) }).toEqual({ name, there: false });
  expect(text).not.toContain('admin');
  expect(text).toContain('"x-request-id","kept"');
});

test('[59] nor through HTTP/2', async () => {
  const server = await open(await apiFiles());
  const client = await open(webFiles());
  const seen: unknown[] = [];
  const http2 = server.mtls.createHttp2Server({ port: PORT }, (incoming, response) => {
    seen.push({ headers: incoming.headers, raw: incoming.rawHeaders });
    response.end();
  });
  const port = await listen(http2 as never);
  closing.push(() => http2.close());
  const { connect: connectHttp2 } = await import('node:http2');
  const session = connectHttp2(`https://${hostOf('api')}:${PORT}`, {
    createConnection: () => client.mtls.connect({ host: hostOf('api'), port: PORT, via: { host: '127.0.0.1', port }, alpn: ['h2'] }),
  });
  const stream = session.request({ 'x-forwarded-client-cert': 'forged', 'x-spiffe-id': 'forged', 'x-request-id': 'kept' });
  stream.resume();
  await once(stream, 'close');
  session.destroy();
  expect(JSON.stringify(seen)).not.toContain('forged');
  expect(JSON.stringify(seen)).toContain('kept');
});

test('[60](trap 13) permissive: plain and TLS on two ports, and the TLS port is as strict as ever', async () => {
  const plainPort = await freePort();
  const files = filesOf(await root.issue('api'), [root], policyOf({ service: 'api', mode: 'permissive', allow: ['web'], plainPort }));
  const server = await open(files);
  const headers: unknown[] = [];
  const served = await server.mtls.serveHttps({ port: PORT, listen: 0, host: '127.0.0.1' }, (incoming, response) => {
    headers.push(incoming.headers);
    response.end('ok');
  });
  closing.push(() => served.close());
  const { port } = served.server.address() as { port: number };
  const counted = (): string | undefined => /^sentinel_mtls_plain_connections_total.*$/m.exec(server.mtls.metrics.text())?.[0];
  expect(counted()).toBe(`sentinel_mtls_plain_connections_total{port="${plainPort}"} 0`);
  const plain = await new Promise<number>((resolve, reject) => {
    requestPlain({ host: '127.0.0.1', port: plainPort, agent: false, headers: { 'x-spiffe-id': 'forged' } }, response => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
  expect(plain).toBe(200);
  expect(JSON.stringify(headers)).not.toContain('forged');
  expect(server.events('plain-listener').map(({ fields }) => fields.port)).toEqual([plainPort]);
  // neither without a certificate, nor resumed without one
  const first = await callRaw(port, {});
  const session = first.socket.getSession();
  expect(first.heard).toBe('');
  expect((await callRaw(port, session ? { session } : {})).heard).toBe('');
  expect((await callRaw(port, await root.issue('job'))).heard).toBe('');
  expect((await callRaw(port, caller)).heard).toContain('200 OK');
  expect(counted()).toBe(`sentinel_mtls_plain_connections_total{port="${plainPort}"} 1`);
});

async function freePort(): Promise<number> {
  const server = createPlain();
  const port = await listen(server as never);
  await new Promise<void>(resolve => server.close(() => resolve()));
  return port;
}

test('[60] in every other mode there is no plain listener, whatever the policy says of a plain port', async () => {
  for (const mode of ['strict', 'audit']) {
    const files = filesOf(await root.issue('api'), [root], policyOf({ service: 'api', mode, allow: ['web'], plainPort: 8080 }));
    const served = await (await open(files)).mtls.serveHttps({ port: PORT, listen: 0, host: '127.0.0.1' }, () => {});
    closing.push(() => served.close());
    expect(served.plain).toEqual([]);
  }
});

test('[61] a probe without a certificate is answered on a plain port of its own, with readiness and metrics', async () => {
  const { createServer } = await import('node:http');
  const server = await open(filesOf(await root.issue('api', { from: -2, to: 0.0006 }), [root], policyOf({ service: 'api' })));
  const health = createServer(server.mtls.healthHandler());
  const port = await listen(health);
  closing.push(() => health.close());
  const ask = (path: string): Promise<[number, string]> =>
    new Promise((resolve, reject) => {
      requestPlain({ host: '127.0.0.1', port, path, agent: false }, response => {
        let body = '';
        response.on('data', chunk => {
          body += String(chunk);
        });
        response.on('end', () => resolve([response.statusCode ?? 0, body]));
      })
        .on('error', reject)
        .end();
    });
  expect((await ask('/healthz'))[0]).toBe(200);
  const [status, body] = await ask('/readyz');
  expect([status, JSON.parse(body)]).toEqual([200, { ready: true, reason: null, generation: 1, notAfter: expect.any(String) }]);
  expect((await ask('/metrics'))[1]).toContain('sentinel_mtls_ready 1');
  expect((await ask('/other'))[0]).toBe(404);
  await until(() => !server.mtls.source.readiness().ready, 'the expiry');
  const [late, why] = await ask('/readyz');
  expect([late, JSON.parse(why).reason]).toEqual([503, 'leaf-expired']);
  expect((await ask('/healthz'))[0]).toBe(200);
});

test('[62] errors of sockets, before and after the handshake, on both sides, end no process', () => {
  // of its own, so that an unhandled error would be its end
  const child = spawn(process.execPath, [join(__dirname, '_no-error-handlers.cjs')], {
    cwd: join(__dirname, '../../..'),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', chunk => {
    text += String(chunk);
  });
  child.stderr.on('data', chunk => {
    text += String(chunk);
  });
  return once(child, 'close').then(([code]) => expect([code, text]).toEqual([0, 'still here\n']));
});

test('disabled: only by an explicit setting, with a warning and a metric, and no client becomes plain', async () => {
  const logged: string[] = [];
  const logger = (_level: string, event: string): void => {
    logged.push(event);
  };
  const off = await Mtls.open({ env: { MTLS_ENABLED: 'false' }, logger });
  expect(logged).toEqual(['mtls-disabled']);
  expect(off.metrics.text()).toContain('sentinel_mtls_mode{mode="disabled"} 1');
  const server = off.createHttpsServer({ port: PORT }, (_request, response) => response.end('plain'));
  const port = await listen(server);
  closing.push(() => server.close());
  const status = await new Promise<number>(resolve =>
    requestPlain({ host: '127.0.0.1', port, agent: false }, response => resolve(response.statusCode ?? 0)).end(),
  );
  expect(status).toBe(200);
  expect(() => off.agent()).toThrow('mutual TLS is disabled');
  expect(() => off.connect({ host: 'x', port: 1 })).toThrow('mutual TLS is disabled');
  for (const env of [
    { MTLS_ENABLED: 'flase' },
    { MTLS_ENABLED: '' },
    { MTLS_MODE: 'disabled' },
    { MTLS_MODE: 'off' },
    { MTLS_MODE: 'Strict' },
    { MTLS_CERT_PATH: '' },
  ])
    expect([env, await codeOf(Mtls.open({ env, logger: silentLogger }))]).toEqual([env, 'setting-invalid']);
});
