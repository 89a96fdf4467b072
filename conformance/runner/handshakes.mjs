// Handshakes on loopback: one side is the library, the other a bare TLS endpoint.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect as connectPlain, createServer as createPlainServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, createServer } from 'node:tls';
import { Mtls, silentLogger } from '../../libs/sentinel-node/dist/index.js';

const REQUEST = 'GET / HTTP/1.1\r\nhost: api\r\nconnection: close\r\n\r\n';
const HOST = 'api.prod.svc.cluster.local';
/** Milliseconds to wait for a count. */
const DEADLINE = 8000;

export async function* handshakes({ cases }, certificates) {
  for (const { name, side, own, peer, expect } of cases) {
    const folder = mkdtempSync(join(tmpdir(), 'sentinel-handshake-'));
    const read = file => readFileSync(join(certificates, file));
    try {
      const mtls = await open(folder, own, read);
      try {
        const run = side === 'server' ? asServer : asClient;
        yield { name: `${side}: ${name}`, expect, result: await run(mtls, own, peer, read, certificates) };
      } finally {
        mtls.close();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

async function open(folder, own, read) {
  const files = {
    'tls.crt': read(`${own.leaf}.chain.crt`),
    'tls.key': read(`${own.leaf}.key`),
    'ca.crt': Buffer.concat(own.roots.map(root => read(`${root}.crt`))),
    'policy.json': Buffer.from(JSON.stringify(own.policy)),
  };
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content, { mode: 0o600 });
  return Mtls.open({
    env: {},
    certPath: join(folder, 'tls.crt'),
    keyPath: join(folder, 'tls.key'),
    caPath: join(folder, 'ca.crt'),
    policyPath: join(folder, 'policy.json'),
    logger: silentLogger,
    watch: false,
    timings: { firstGenerationDeadlineMs: 0, ...(own.handshakeTimeoutMs && { handshakeTimeoutMs: own.handshakeTimeoutMs }) },
    ...(own.minVersion && { minVersion: own.minVersion }),
  });
}

async function asServer(mtls, own, peer, read, certificates) {
  const server = mtls.createHttpsServer({ port: own.port }, (_request, response) => response.end('+'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const peerDone = new AbortController();
  try {
    const { port } = server.address();
    const answered = await callAs(peer, port, read, certificates, peerDone.signal);
    return await counted(mtls, 'server', answered);
  } finally {
    peerDone.abort();
    server.closeAllConnections();
    server.close();
  }
}

/** What the metric says; accepted and audited only if an answer came. */
async function counted(mtls, side, answered) {
  const until = performance.now() + DEADLINE;
  for (;;) {
    const lines = mtls.metrics.text().split('\n');
    const rows = lines.map(line => /^sentinel_mtls_handshakes_total\{side="(.*)",result="(.*)",reason="(.*)"\} (\d+)$/.exec(line));
    const found = rows.filter(row => row?.[1] === side);
    if (found.length > 0) {
      const [[, , result, reason, count]] = found;
      if (found.length > 1 || count !== '1') throw new Error('more than one handshake was counted');
      if (result !== 'refused' && !answered) return { result: 'unanswered', reason };
      if (result === 'refused' && answered) return { result: 'answered', reason };
      return { result, reason };
    }
    if (performance.now() > until) return { result: 'nothing', reason: 'counted' };
    await delay(5);
  }
}

/** Whether an answer came. */
function callAs(peer, port, read, certificates, signal) {
  switch (peer.hello) {
    case 'tls11':
    case 'tls12':
    case 'tls13':
      return peer.roots ? callOpenssl(peer, port, certificates) : callTls(peer, port, read);
    case 'plaintext':
      return callRaw(port, socket => socket.write(REQUEST), signal);
    case 'silent':
      return callRaw(port, () => {}, signal);
    case 'drip':
      return callRaw(port, socket => drip(socket, signal), signal);
    case 'close':
      return callRaw(port, socket => socket.end(HELLO.subarray(0, HELLO.length / 2)), signal);
    case 'reset':
      return callRaw(port, socket => socket.write(HELLO.subarray(0, HELLO.length / 2), () => socket.resetAndDestroy()), signal);
    default:
      throw new Error(`unknown hello ${peer.hello}`);
  }
}

const VERSIONS = { tls11: 'TLSv1.1', tls12: 'TLSv1.2', tls13: 'TLSv1.3' };

function callTls(peer, port, read) {
  const version = VERSIONS[peer.hello];
  const identity = peer.leaf && {
    cert: read(`${peer.leaf}.${peer.chain === 'leaf-only' ? '' : 'chain.'}crt`),
    key: read(`${peer.leaf}.key`),
  };
  const servername = peer.host === null ? '' : (peer.host ?? HOST);
  return new Promise(resolve => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      servername,
      rejectUnauthorized: false,
      minVersion: version,
      maxVersion: version,
      // level 0: a peer that shows what is too weak must be able to
      ciphers: 'ALL:TLS_AES_128_GCM_SHA256:@SECLEVEL=0',
      ...identity,
    });
    answerOf(socket, resolve);
    socket.once('secureConnect', () => socket.write(REQUEST));
  });
}

/** Node verifies a server after the handshake, and sends no alert: OpenSSL's own client does. */
function callOpenssl(peer, port, certificates) {
  const file = name => join(certificates, name);
  const [root] = peer.roots;
  const identity = ['-cert', file(`${peer.leaf}.crt`), '-key', file(`${peer.leaf}.key`)];
  const child = spawn(
    'openssl',
    ['s_client', '-quiet', '-connect', `127.0.0.1:${port}`, '-verify_return_error', '-CAfile', file(`${root}.crt`), ...identity],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  );
  return new Promise((resolve, reject) => {
    let answered = false;
    child.on('error', reject);
    child.stdin.on('error', () => {});
    child.stdout.on('data', () => (answered = true));
    child.on('close', () => resolve(answered));
    child.stdin.write(REQUEST);
  });
}

function callRaw(port, speak, signal) {
  return new Promise(resolve => {
    const socket = connectPlain({ host: '127.0.0.1', port });
    signal.addEventListener('abort', () => socket.destroy());
    let answered = false;
    socket.on('data', data => {
      // a refusal in plain HTTP would be an answer to nobody
      answered = /^HTTP\/1\.1 2/.test(data.toString('latin1'));
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answered));
    socket.once('connect', () => speak(socket));
  });
}

function answerOf(socket, resolve) {
  let answered = false;
  socket.on('data', () => (answered = true));
  socket.on('error', () => {});
  socket.on('close', () => resolve(answered));
}

async function drip(socket, signal) {
  for (const byte of HELLO) {
    if (signal.aborted || socket.destroyed) return;
    socket.write(Buffer.from([byte]));
    await delay(100);
  }
}

/** A ClientHello as Node makes it, caught on its way. */
const HELLO = await new Promise(resolve => {
  const server = createPlainServer(socket => {
    socket.on('error', () => {});
    socket.once('data', data => {
      socket.destroy();
      server.close();
      resolve(data);
    });
  });
  server.listen(0, '127.0.0.1', () => {
    connect({ host: '127.0.0.1', port: server.address().port, servername: HOST, rejectUnauthorized: false }).on('error', () => {});
  });
});

async function asClient(mtls, own, peer, read) {
  const server = serverAs(peer, read);
  if (server) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  const port = server ? server.address().port : await closedPort();
  const agent = mtls.agent({ via: { host: '127.0.0.1', port } });
  try {
    const answered = await new Promise(resolve => {
      try {
        const call = request({ host: own.host, port: own.port, agent, path: '/' }, response => {
          response.resume();
          response.on('end', () => resolve(response.statusCode === 200));
          response.on('error', () => resolve(false));
        });
        call.on('error', () => resolve(false));
        call.end();
      } catch {
        resolve(false);
      }
    });
    return await counted(mtls, 'client', answered);
  } finally {
    agent.destroy();
    server?.close();
    for (const socket of server?.sockets ?? []) socket.destroy();
  }
}

function serverAs(peer, read) {
  const sockets = new Set();
  const keep = socket => {
    sockets.add(socket);
    socket.on('error', () => {});
  };
  const answer = socket => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\n+'));
  const make = () => {
    switch (peer.kind) {
      case 'none':
        return undefined;
      case 'plaintext':
        return createPlainServer(socket => answer(socket));
      case 'silent':
        return createPlainServer(() => {});
      case 'close':
        return createPlainServer(socket => socket.end());
      case undefined:
        return createServer(
          {
            cert: read(`${peer.leaf}.chain.crt`),
            key: read(`${peer.leaf}.key`),
            ca: peer.roots.map(root => read(`${root}.crt`)),
            requestCert: true,
            ciphers: 'ALL:TLS_AES_128_GCM_SHA256:@SECLEVEL=0',
            ...(peer.maxVersion && { maxVersion: peer.maxVersion }),
          },
          socket => answer(socket),
        );
      default:
        throw new Error(`unknown kind ${peer.kind}`);
    }
  };
  const server = make();
  if (!server) return undefined;
  server.on('connection', keep);
  server.on('secureConnection', keep);
  server.on('tlsClientError', () => {});
  server.sockets = sockets;
  return server;
}

async function closedPort() {
  const server = createPlainServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
