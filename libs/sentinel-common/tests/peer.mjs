// The Node side of test_cross_language.py: does what each line on stdin says, and answers with one line on stdout.

import { get } from 'node:https';
import { createInterface } from 'node:readline';
import grpc from '@grpc/grpc-js';
import { MtlsGrpcChannel, MtlsGrpcServer } from '../../sentinel-node/dist/grpc.js';
import { Http2Sessions } from '../../sentinel-node/dist/http2-client.js';
import { openMtls, peerOfRequest } from '../../sentinel-node/dist/index.js';

const POLICY_PORT = 8443;
const timings = { pollIntervalMs: 200, debounceMs: 10, debounceMaxMs: 100, firstGenerationDeadlineMs: 10_000, drainGraceMs: 500 };
const mtls = await openMtls({ timings });
const same = bytes => bytes;
const nameOf = peer => peer?.identity?.spiffeId ?? 'nobody';
const answerWithName = (request, response) => response.end(nameOf(peerOfRequest(request)));
const listening = server => new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
const calls = new Map();

/** One client a kind and port, kept, so that a rotation meets open connections. */
function client(kind, port, make) {
  const key = `${kind} ${port}`;
  if (!calls.has(key)) calls.set(key, make());
  return calls.get(key);
}

const ACTIONS = {
  'https-server': async () => ({ port: await listening(mtls.createHttpsServer({ port: POLICY_PORT }, answerWithName)) }),
  'http2-server': async () => ({ port: await listening(mtls.createHttp2Server({ port: POLICY_PORT }, answerWithName)) }),
  'grpc-server': async () => {
    const server = new MtlsGrpcServer(mtls, { port: POLICY_PORT });
    const method = { path: '/echo/who', requestStream: false, responseStream: false };
    const serialise = { requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same };
    server.server.addService(
      { who: { ...method, ...serialise } },
      { who: (call, done) => done(null, Buffer.from(nameOf(server.peer(call)))) },
    );
    return { port: await server.listen(0, '127.0.0.1') };
  },
  'https-call': ({ port }) =>
    new Promise((resolve, reject) => {
      const agent = client('https', port, () => mtls.agent({ keepAlive: true, via: { host: '127.0.0.1', port } }));
      get({ host: 'localhost', port: POLICY_PORT, agent }, async response => {
        let body = '';
        for await (const chunk of response) body += chunk;
        resolve({ status: response.statusCode, body });
      }).on('error', reject);
    }),
  'http2-call': ({ port }) =>
    new Promise((resolve, reject) => {
      const sessions = client('http2', port, () => new Http2Sessions(mtls.client, { via: { host: '127.0.0.1', port } }));
      const session = sessions.session(`https://localhost:${POLICY_PORT}/`);
      session.once('error', reject);
      const request = session.request({ ':path': '/' });
      let status = 0;
      let body = '';
      request.setEncoding('utf8');
      request.on('response', headers => {
        status = headers[':status'];
      });
      request.on('data', chunk => {
        body += chunk;
      });
      request.on('end', () => resolve({ status, body }));
      request.on('error', reject);
    }),
  'grpc-call': ({ port }) =>
    new Promise((resolve, reject) => {
      const caller = client('grpc', port, () => {
        const channel = new MtlsGrpcChannel(mtls, `127.0.0.1:${port}`, { host: 'localhost', port: POLICY_PORT });
        return new grpc.Client(`127.0.0.1:${port}`, channel.credentials, { channelOverride: channel });
      });
      const deadline = Date.now() + 10_000;
      caller.makeUnaryRequest('/echo/who', same, same, Buffer.from('x'), { deadline }, (error, body) =>
        error ? reject(error) : resolve({ status: 200, body: body.toString() }),
      );
    }),
  generation: async () => ({ generation: mtls.current().number }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: action, ...options } = JSON.parse(line);
  let answer;
  try {
    answer = await ACTIONS[action](options);
  } catch (error) {
    answer = { error: error.code ?? error.name };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
