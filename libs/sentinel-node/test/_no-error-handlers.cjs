// A server and a client of bare TLS whose user listens to no error at all; every kind of end is tried on them.
const { execFileSync } = require('node:child_process');
const { mkdtempSync, rmSync } = require('node:fs');
const net = require('node:net');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { Mtls } = require('../dist/index.js');

const folder = mkdtempSync(join(tmpdir(), 'sentinel-errors-'));
const at = name => join(folder, name);
execFileSync(
  'openssl',
  [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    at('tls.key'),
    '-out',
    at('tls.crt'),
    '-days',
    '1',
    '-subj',
    '/CN=localhost',
    '-addext',
    'subjectAltName=DNS:localhost',
  ],
  { stdio: 'ignore' },
);

(async () => {
  const mtls = await Mtls.open({
    env: {},
    watch: false,
    logger() {},
    certPath: at('tls.crt'),
    keyPath: at('tls.key'),
    caPath: at('tls.crt'),
    policyPath: undefined,
    timings: { handshakeTimeoutMs: 200 },
  });
  const servers = [
    mtls.createTlsServer({}),
    mtls.createHttpsServer({}, (_request, response) => response.end('ok')),
    mtls.createHttp2Server({}),
  ];
  for (const server of servers) {
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    const plain = speak =>
      new Promise(resolve =>
        speak(
          net
            .connect(port, '127.0.0.1')
            .on('error', () => {})
            .on('close', resolve),
        ),
      );
    await plain(socket => socket.write('GET / HTTP/1.1\r\n\r\n'));
    await plain(socket => socket.resetAndDestroy());
    await plain(socket => socket.once('connect', () => socket.resetAndDestroy()));
    await plain(() => {});
    // admitted, and reset afterwards with bytes under way
    await new Promise(resolve => {
      const raw = net.connect(port, '127.0.0.1').on('error', () => {});
      const socket = mtls.connect({ host: 'localhost', port, socket: raw });
      socket.on('close', resolve);
      socket.once('secureConnect', () => {
        socket.write('x'.repeat(100_000));
        setImmediate(() => raw.resetAndDestroy());
      });
    });
    server.close();
  }
  // nobody listens any more, and nobody listens to the error either
  await new Promise(resolve => mtls.connect({ host: 'localhost', port: 1 }).on('close', resolve));
  mtls.close();
  rmSync(folder, { recursive: true });
  console.log('still here');
  process.exit(0);
})();
