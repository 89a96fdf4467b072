import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import * as grpc from '@grpc/grpc-js';
import express from 'express';
import { fastify } from 'fastify';
import { MtlsGrpcChannel, MtlsGrpcServer } from '../src/grpc.js';
import { peerOfRequest } from '../src/index.js';
import { MtlsDispatcher, mtlsFetch } from '../src/undici.js';
import { type Files, filesOf, PORT, policyOf } from './_folder.js';
import { codeOf, get, listen, Party, until } from './_mtls.js';
import { hostOf, idOf, type Leaf, TestAuthority } from './_pki.js';

let root: TestAuthority;
let fresh: TestAuthority;
const parties: Party[] = [];
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  root = await TestAuthority.make('root');
  fresh = await TestAuthority.make('fresh');
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  for (const party of parties.splice(0)) await party.close();
});

async function open(...args: Parameters<typeof Party.open>): Promise<Party> {
  const party = await Party.open(...args);
  parties.push(party);
  return party;
}

const api = (leaf: Leaf, ...roots: TestAuthority[]): Files => filesOf(leaf, roots, policyOf({ service: 'api', allow: ['web'] }));
const web = (leaf: Leaf, ...roots: TestAuthority[]): Files => filesOf(leaf, roots, policyOf({ service: 'web', calls: ['api'] }));
const job = (leaf: Leaf, ...roots: TestAuthority[]): Files => filesOf(leaf, roots, policyOf({ service: 'job', calls: ['api'] }));
const url = (path = '/'): string => `https://${hostOf('api')}:${PORT}${path}`;

test('Express: the handler knows its caller, and a stranger reaches none', async () => {
  const server = await open(api(await root.issue('api'), root));
  const app = express();
  let handled = 0;
  app.get('/who', (request, response) => {
    handled++;
    response.json(peerOfRequest(request)?.identity);
  });
  const { port } = await server.serve(app as unknown as RequestListener);
  const [caller, stranger] = [await open(web(await root.issue('web'), root)), await open(job(await root.issue('job'), root))];
  expect(JSON.parse((await get(caller.agentTo(port), 'api', { path: '/who' })).body)).toMatchObject({ spiffeId: idOf('web') });
  expect(await codeOf(get(stranger.agentTo(port), 'api', { path: '/who' }))).toBe('ECONNRESET');
  expect(handled).toBe(1);
});

test('Fastify: its server is made by this library, and rotates', async () => {
  const server = await open(api(await root.issue('api'), root));
  const app = fastify({ serverFactory: handler => server.mtls.createHttpsServer({ port: PORT }, handler) as Server });
  app.get('/who', async request => peerOfRequest(request.raw)?.identity);
  await app.listen({ port: 0, host: '127.0.0.1' });
  closing.push(() => app.close());
  const { port } = app.server.address() as { port: number };
  const caller = await open(web(await root.issue('web'), root));
  for (let rotation = 0; rotation < 3; rotation++) {
    const { body } = await get(caller.agentTo(port), 'api', { path: '/who' });
    expect(JSON.parse(body)).toMatchObject({ spiffeId: idOf('web') });
    await server.swap(api(await root.issue('api'), root));
  }
});

test('fetch with undici: rotates with the identity, refuses a server that is not expected, never speaks plain', async () => {
  const serials: string[] = [];
  const server = await open(api(await root.issue('api'), root));
  const { port } = await server.serve((request, response) => {
    serials.push(peerOfRequest(request)?.certificate?.serial ?? 'none');
    response.end('ok');
  });
  const client = await open(web(await root.issue('web'), root));
  const fetch = mtlsFetch(client.mtls, { via: { host: '127.0.0.1', port } });
  for (let rotation = 0; rotation < 4; rotation++) {
    for (let call = 0; call < 3; call++) expect(await (await fetch(url())).text()).toBe('ok');
    const now = client.mtls.current().leaf.facts.serial;
    expect(serials.splice(0)).toEqual([now, now, now]);
    await client.swap(web(await root.issue('web'), root));
  }
  const causeOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => 'no error',
      ({ cause }) => cause?.code ?? String(cause),
    );
  const wrong = await open(
    filesOf(await root.issue('job', { dnsNames: [hostOf('api')] }), [root], policyOf({ service: 'job', allow: ['web'] })),
  );
  const { port: wrongPort } = await wrong.serve();
  const toWrong = mtlsFetch(client.mtls, { via: { host: '127.0.0.1', port: wrongPort } });
  expect(await causeOf(toWrong(url()))).toBe('peer-not-expected');
  expect(await causeOf(fetch(`https://unknown.test:${PORT}/`))).toBe('call-not-declared');
  expect(await causeOf(fetch(`http://${hostOf('api')}:${PORT}/`))).toMatch(/expected an https: URL/);
});

test('undici: 100 rotations of both sides under load, over HTTP/1 and HTTP/2, fail no request', async () => {
  const leaves = await Promise.all(Array.from({ length: 4 }, () => root.issue('api')));
  const callers = await Promise.all(Array.from({ length: 4 }, () => root.issue('web')));
  const server = await open(api(leaves[0] as Leaf, root));
  const client = await open(web(callers[0] as Leaf, root));
  const http2 = server.mtls.createHttp2Server({ port: PORT }, (_request, response) => response.end('ok'));
  const port = await listen(http2 as never);
  closing.push(() => http2.close());
  const dispatchers = [false, true].map(allowH2 => new MtlsDispatcher(client.mtls, { via: { host: '127.0.0.1', port }, allowH2 }));
  closing.push(() => Promise.all(dispatchers.map(dispatcher => dispatcher.destroy())));
  const errors: string[] = [];
  let answers = 0;
  let running = true;
  const workers = Array.from({ length: 8 }, async (_, index) => {
    while (running) {
      try {
        const { body, statusCode } = await (dispatchers[index % 2] as MtlsDispatcher).request({
          origin: `https://${hostOf('api')}:${PORT}`,
          path: '/',
          method: 'GET',
        });
        if (statusCode !== 200) errors.push(String(statusCode));
        await body.text();
        answers++;
      } catch (error) {
        errors.push(String(error));
      }
    }
  });
  for (let rotation = 1; rotation <= 100; rotation++) {
    const party = rotation % 2 === 0 ? server : client;
    await party.swap(party === server ? api(leaves[rotation % 4] as Leaf, root) : web(callers[rotation % 4] as Leaf, root));
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  running = false;
  await Promise.all(workers);
  expect(errors).toEqual([]);
  expect(answers).toBeGreaterThan(100);
}, 120_000);

test('HTTP/2 sessions of the library: one for many requests, another one after a rotation', async () => {
  const server = await open(api(await root.issue('api'), root));
  const serials = new Set<string>();
  const http2 = server.mtls.createHttp2Server({ port: PORT }, (request, response) => {
    serials.add(
      peerOfRequest(request.stream.session ?? {})?.certificate?.serial ??
        peerOfRequest({ socket: request.stream.session?.socket ?? null })?.certificate?.serial ??
        'none',
    );
    response.end('ok');
  });
  const port = await listen(http2 as never);
  closing.push(() => http2.close());
  const client = await open(web(await root.issue('web'), root));
  const { Http2Sessions } = await import('../src/http2-client.js');
  const sessions = new Http2Sessions(client.mtls.client, { via: { host: '127.0.0.1', port } });
  closing.push(() => sessions.close());
  const ask = async (): Promise<number> => {
    const stream = sessions.session(url()).request({ ':path': '/' });
    const [headers] = (await once(stream, 'response')) as [Record<string, number>];
    stream.resume();
    await once(stream, 'close');
    return headers[':status'] ?? 0;
  };
  const first = sessions.session(url());
  expect([await ask(), await ask()]).toEqual([200, 200]);
  expect(sessions.session(url())).toBe(first);
  await client.swap(web(await root.issue('web'), root));
  expect(await ask()).toBe(200);
  expect(sessions.session(url())).not.toBe(first);
  expect(serials.size).toBe(2);
  expect(() => sessions.session('https://unknown.test/')).toThrow(expect.objectContaining({ code: 'call-not-declared' }));
});

// a service of one method with bytes in and out, so that no protocol file is needed
const bytes = (value: Buffer): Buffer => value;
const METHOD = { requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes };
const ECHO = {
  say: { path: '/test.Echo/Say', requestStream: false, responseStream: false, ...METHOD },
  flow: { path: '/test.Echo/Flow', requestStream: true, responseStream: true, ...METHOD },
} as const;
const Echo = grpc.makeGenericClientConstructor(ECHO, 'Echo');
type EchoClient = InstanceType<typeof Echo>;

function echoServer(party: Party, drained: grpc.ServerDuplexStream<Buffer, Buffer>[] = []): MtlsGrpcServer {
  const server = new MtlsGrpcServer(party.mtls, { port: PORT });
  server.server.addService(ECHO, {
    say: (call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) => {
      const identity = server.peer(call)?.identity;
      callback(null, Buffer.from(identity && 'spiffeId' in identity ? identity.spiffeId : 'nobody'));
    },
    flow: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
      drained.push(call);
      call.on('data', data => call.write(data));
      call.on('end', () => call.end());
    },
  });
  closing.push(() => server.destroy());
  return server;
}

function echoClient(party: Party, port: number): { readonly client: EchoClient; readonly channel: MtlsGrpcChannel } {
  const channel = new MtlsGrpcChannel(party.mtls, `127.0.0.1:${port}`, { host: hostOf('api'), port: PORT });
  const client = new Echo(`127.0.0.1:${port}`, channel.credentials, { channelOverride: channel });
  closing.push(() => channel.close());
  return { client, channel };
}

const say = (client: EchoClient): Promise<string> =>
  new Promise((resolve, reject) => {
    const call = client.say as (
      request: Buffer,
      options: object,
      callback: (error: grpc.ServiceError | null, answer?: Buffer) => void,
    ) => void;
    call.call(client, Buffer.from('x'), { deadline: Date.now() + 20_000 }, (error, answer) =>
      error ? reject(error) : resolve(String(answer)),
    );
  });

test('[47](trap 7) gRPC: the caller is known, a stream outlives rotations on both sides, 60 rotations under load fail no call', async () => {
  const server = await open(api(await root.issue('api'), root));
  const grpcServer = echoServer(server);
  const port = await grpcServer.listen(0, '127.0.0.1');
  const client = await open(web(await root.issue('web'), root));
  const { client: echo } = echoClient(client, port);
  expect(await say(echo)).toBe(idOf('web'));
  const flow = (echo.flow as () => grpc.ClientDuplexStream<Buffer, Buffer>).call(echo);
  const received: string[] = [];
  flow.on('data', data => received.push(String(data)));
  const errors: string[] = [];
  flow.on('error', error => errors.push(String(error)));
  let running = true;
  let calls = 0;
  const workers = Array.from({ length: 4 }, async () => {
    while (running) {
      await say(echo).then(
        () => calls++,
        error => errors.push(String(error)),
      );
    }
  });
  const [servers, callers] = await Promise.all(
    ['api', 'web'].map(service => Promise.all(Array.from({ length: 4 }, () => root.issue(service)))),
  );
  let rotation = 0;
  for (; rotation < 60 || calls < 60; rotation++) {
    if (rotation % 2 === 0) await server.swap(api(servers?.[(rotation / 2) % 4] as Leaf, root));
    else await client.swap(web(callers?.[((rotation - 1) / 2) % 4] as Leaf, root));
    flow.write(Buffer.from(String(rotation)));
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  running = false;
  await Promise.all(workers);
  flow.end();
  await once(flow, 'end');
  expect(errors).toEqual([]);
  expect(received).toEqual(Array.from({ length: rotation }, (_, index) => String(index)));
}, 120_000);

test('gRPC: a caller that is not listed reaches no handler; one that is taken off the list gets PERMISSION_DENIED', async () => {
  const server = await open(api(await root.issue('api'), root), { timings: { drainGraceMs: 20_000 } });
  const flows: grpc.ServerDuplexStream<Buffer, Buffer>[] = [];
  const grpcServer = echoServer(server, flows);
  const port = await grpcServer.listen(0, '127.0.0.1');
  const stranger = await open(job(await root.issue('job'), root));
  await expect(say(echoClient(stranger, port).client)).rejects.toMatchObject({ code: grpc.status.UNAVAILABLE });
  const caller = await open(web(await root.issue('web'), root));
  const { client: echo } = echoClient(caller, port);
  expect(await say(echo)).toBe(idOf('web'));
  await server.swap(filesOf(await root.issue('api'), [root], policyOf({ service: 'api' })));
  await expect(say(echo)).rejects.toMatchObject({ code: grpc.status.PERMISSION_DENIED });
  expect(flows).toEqual([]);
});

test('[48] gRPC: a connection whose root left is drained by GOAWAY, and its stream ends with the grace', async () => {
  const server = await open(api(await root.issue('api'), root, fresh), { timings: { drainGraceMs: 300 } });
  const grpcServer = echoServer(server);
  const port = await grpcServer.listen(0, '127.0.0.1');
  const caller = await open(web(await root.issue('web'), root, fresh));
  const { client: echo } = echoClient(caller, port);
  const flow = (echo.flow as () => grpc.ClientDuplexStream<Buffer, Buffer>).call(echo);
  const ended = new Promise<grpc.StatusObject>(resolve => flow.on('status', resolve));
  flow.on('error', () => {});
  flow.write(Buffer.from('one'));
  await once(flow, 'data');
  await server.swap(api(await fresh.issue('api'), fresh));
  expect((await ended).code).not.toBe(grpc.status.OK);
  await until(() => server.count('sentinel_mtls_connections', { side: 'server' }) === 0, 'the end of the connection');
  await caller.swap(web(await fresh.issue('web'), fresh));
  expect(await say(echo)).toBe(idOf('web'));
});

test('gRPC: a channel refuses a server that is not the expected one, and a call that is not declared', async () => {
  const impostor = await open(
    filesOf(await root.issue('job', { dnsNames: [hostOf('api')] }), [root], policyOf({ service: 'job', allow: ['web'] })),
  );
  const port = await echoServer(impostor).listen(0, '127.0.0.1');
  const caller = await open(web(await root.issue('web'), root));
  await expect(say(echoClient(caller, port).client)).rejects.toMatchObject({ code: grpc.status.UNAVAILABLE });
  expect(caller.count('sentinel_mtls_handshakes_total', { side: 'client', reason: 'peer-not-expected' })).toBeGreaterThanOrEqual(1);
  const channel = new MtlsGrpcChannel(caller.mtls, `127.0.0.1:${port}`, { host: 'unknown.test', port: 1 });
  closing.push(() => channel.close());
  const undeclared = new Echo(`127.0.0.1:${port}`, channel.credentials, { channelOverride: channel });
  await expect(say(undeclared)).rejects.toMatchObject({ code: grpc.status.UNAVAILABLE });
  expect(caller.count('sentinel_mtls_handshakes_total', { reason: 'call-not-declared' })).toBeGreaterThanOrEqual(1);
});
