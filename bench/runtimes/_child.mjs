// A server process of the benchmark: node _child.mjs KIND FOLDER OPTIONS. Talks to its parent over IPC.
import { readFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';
import { openMtls } from '../../libs/sentinel-node/dist/index.js';

const [kind, folder, options = '{}'] = process.argv.slice(2);
const at = name => join(folder, name);
const bare = () => ({
  cert: readFileSync(at('tls.crt')),
  key: readFileSync(at('tls.key')),
  ca: readFileSync(at('ca.crt')),
  requestCert: true,
  rejectUnauthorized: true,
  minVersion: 'TLSv1.3',
});
const hello = socket => {
  socket.on('error', () => {});
  socket.end('+');
};
const answer = (_request, response) => response.end('ok');
const ours = () =>
  openMtls({
    env: {},
    certPath: at('tls.crt'),
    keyPath: at('tls.key'),
    caPath: at('ca.crt'),
    policyPath: at('policy.json'),
    logger() {},
    ...JSON.parse(options),
  });

let mtls;
const KINDS = {
  'bare-tls': () => createTls(bare(), hello),
  'bare-https': () => createHttps(bare(), answer),
  'plain-http': () => createHttp(answer),
  'ours-tls': async () => {
    mtls = await ours();
    return mtls.createTlsServer({ port: 8443 }, hello);
  },
  'ours-https': async () => {
    mtls = await ours();
    return mtls.createHttpsServer({ port: 8443 }, answer);
  },
};
const server = await KINDS[kind]();
server.on('tlsClientError', () => {});
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
mtls?.source.onSwap(({ number }) => process.send({ swapped: number }));
process.on('message', message => {
  if (message === 'cpu') process.send({ cpu: process.cpuUsage() });
  if (message === 'metrics') process.send({ metrics: mtls.source.metricsText() });
});
process.on('disconnect', () => process.exit());
