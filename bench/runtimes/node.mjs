// Speed of sentinel-node beside what it stands on, in one run: node bench/runtimes/node.mjs [speed|rotations|memory|latency …]
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, createSecureContext } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { openMtls } from '../../libs/sentinel-node/dist/index.js';
import { certificates, Folder, HOST } from './_certificates.mjs';

// in memory, as the kubelet keeps Secrets
const base = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'sentinel-bench-'));
const made = await certificates();
const newFolder = (name, leaf, roots) => {
  const folder = new Folder(join(base, name), made);
  folder.project(leaf, roots);
  return folder;
};
const median = values => [...values].sort((a, b) => a - b)[values.length >> 1];
const quantile = (values, q) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))];
let failed = false;
const row = (what, value, bound, holds) => {
  const verdict = holds === undefined ? 'reported' : holds ? 'holds' : 'MISSED';
  failed ||= holds === false;
  console.log(`${what.padEnd(66)} ${String(value).padStart(28)}   ${bound.padEnd(28)} ${verdict}`);
};

class Child {
  static async start(kind, folder, options) {
    const child = fork(fileURLToPath(new URL('_child.mjs', import.meta.url)), [kind, folder.path, JSON.stringify(options ?? {})], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [{ port }] = await once(child, 'message');
    return new Child(child, port, kind);
  }

  constructor(child, port, kind) {
    Object.assign(this, { child, port, kind });
  }

  async ask(what) {
    this.child.send(what);
    for (;;) {
      const [message] = await once(this.child, 'message');
      if (what in message) return message[what];
    }
  }

  async cpu() {
    const { user, system } = await this.ask('cpu');
    return user + system;
  }

  stop() {
    this.child.disconnect();
  }
}

/** haproxy with mutual TLS in front of a plain server: what a user would do without a library. */
class FrontProxy {
  static async start(folder, plain) {
    const port = await new Promise(resolve => {
      const probe = spawn(process.execPath, [
        '-e',
        'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})',
      ]);
      probe.stdout.once('data', data => resolve(Number(String(data))));
    });
    const pem = join(base, 'haproxy.pem');
    writeFileSync(pem, readFileSync(join(folder.path, 'tls.crt')) + readFileSync(join(folder.path, 'tls.key')), { mode: 0o600 });
    const config = join(base, 'haproxy.cfg');
    writeFileSync(
      config,
      `global
  nbthread 1
  ssl-default-bind-options ssl-min-ver TLSv1.3 no-tls-tickets
  tune.ssl.cachesize 0
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend tls
  bind 127.0.0.1:${port} ssl crt ${pem} ca-file ${join(folder.path, 'ca.crt')} verify required
  default_backend plain
backend plain
  server node 127.0.0.1:${plain.port}
`,
    );
    const child = spawn('haproxy', ['-db', '-f', config], { stdio: ['ignore', 'ignore', 'inherit'] });
    for (let tries = 0; tries < 200; tries++) {
      const socket = connectPlain(port, '127.0.0.1');
      const up = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(() => false);
      socket.destroy();
      if (up) break;
      await delay(20);
    }
    return new FrontProxy(child, port, plain);
  }

  constructor(child, port, plain) {
    Object.assign(this, { child, port, plain, kind: 'haproxy' });
  }

  async cpu() {
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
    // utime and stime in hundredths of a second
    return (Number(fields[11]) + Number(fields[12])) * 10_000 + (await this.plain.cpu());
  }

  stop() {
    this.child.kill();
    this.plain.stop();
  }
}

const identity = (leaf, roots) => ({
  cert: made.get(leaf).chain,
  key: made.get(leaf).key,
  ca: roots.map(root => made.get(root).certificate),
});

/** Full handshakes until the time is over; a request where the server waits for one. */
async function handshakes(port, ms, asks) {
  const context = createSecureContext(identity('web-A-0', ['A']));
  const until = performance.now() + ms;
  let done = 0;
  const worker = async () => {
    while (performance.now() < until) {
      await new Promise((resolve, reject) => {
        const socket = connect({ port, host: '127.0.0.1', servername: HOST, secureContext: context, checkServerIdentity: () => undefined });
        if (asks) socket.once('secureConnect', () => socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'));
        socket.once('data', () => {
          done++;
          socket.destroy();
          resolve();
        });
        socket.once('error', reject);
      });
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return done;
}

/** Requests on kept connections until the time is over. */
async function requests(port, ms, state) {
  state.agent ??= new Agent({
    keepAlive: true,
    maxSockets: 8,
    ...identity('web-A-0', ['A']),
    servername: HOST,
    checkServerIdentity: () => undefined,
  });
  const until = performance.now() + ms;
  let done = 0;
  const worker = async () => {
    while (performance.now() < until) {
      await new Promise((resolve, reject) => {
        request({ host: '127.0.0.1', port, agent: state.agent }, response => {
          response.resume();
          response.once('end', resolve);
        })
          .once('error', reject)
          .end();
      });
      done++;
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return done;
}

/** Milliseconds between two rotations, and before a root is removed. */
// half a second: each rotation of the caller costs each of its connections one handshake, so at ten rotations a second
// the 99th percentile would be that of a handshake
const PACE_MS = Number(process.env.BENCH_PACE_MS ?? 500);
const OVERLAP_MS = 400;

const PAIRS = Number(process.env.BENCH_PAIRS ?? 15);
const SLICE_MS = 700;

/** Slices in turns; CPU of the server a unit of work, which a busy machine moves less than the wall clock. */
async function inTurns(servers, work) {
  const results = new Map(servers.map(server => [server, []]));
  const states = new Map(servers.map(server => [server, {}]));
  for (const server of servers) await work(server, 300, states.get(server));
  for (let pair = 0; pair < PAIRS; pair++) {
    for (const server of pair % 2 === 0 ? servers : [...servers].reverse()) {
      const before = await server.cpu();
      const started = performance.now();
      const done = await work(server, SLICE_MS, states.get(server));
      const took = performance.now() - started;
      results.get(server).push({ perSecond: (done * 1000) / took, cpu: ((await server.cpu()) - before) / done });
    }
  }
  for (const { agent } of states.values()) agent?.destroy();
  return servers.map(server => ({
    kind: server.kind,
    perSecond: median(results.get(server).map(each => each.perSecond)),
    cpu: median(results.get(server).map(each => each.cpu)),
    all: results.get(server),
  }));
}

function compare(what, ours, peer, bound) {
  const wall = median(ours.all.map((each, index) => each.perSecond / peer.all[index].perSecond));
  const cpu = median(ours.all.map((each, index) => peer.all[index].cpu / each.cpu));
  const found = `${ours.perSecond.toFixed(0)}/s vs ${peer.perSecond.toFixed(0)}/s`;
  row(`${what}, against ${peer.kind}`, found, '', undefined);
  row(
    '  ratio by CPU of the server (by wall clock)',
    `${cpu.toFixed(3)}x (${wall.toFixed(3)}x)`,
    bound ? `>= ${bound}x by CPU` : '',
    bound ? cpu >= bound : undefined,
  );
}

const BENCHES = {
  async speed() {
    const folder = newFolder('speed', 'api-A-0', ['A']);
    const [bareTls, oursTls] = [await Child.start('bare-tls', folder), await Child.start('ours-tls', folder)];
    const [bare, ours] = await inTurns([bareTls, oursTls], (server, ms) => handshakes(server.port, ms, false));
    compare('handshakes/s of node:tls', ours, bare, 0.97);
    for (const server of [bareTls, oursTls]) server.stop();
    const servers = [await Child.start('bare-https', folder), await Child.start('ours-https', folder)];
    if (existsSync('/usr/sbin/haproxy')) servers.push(await FrontProxy.start(folder, await Child.start('plain-http', folder)));
    const [bareHttps, oursHttps, proxied] = await inTurns(servers, (server, ms, state) => requests(server.port, ms, state));
    compare('requests/s kept alive', oursHttps, bareHttps, 0.98);
    if (proxied) compare('requests/s kept alive', oursHttps, proxied);
    if (proxied) {
      const [, oursNew, proxiedNew] = await inTurns(servers, (server, ms) => handshakes(server.port, ms, true));
      compare('new connection and one request', oursNew, proxiedNew);
    } else row('haproxy', 'not installed', '', undefined);
    for (const server of servers) server.stop();
  },

  async rotations() {
    const TOTAL = Number(process.env.BENCH_ROTATIONS ?? 1000);
    const [api, web] = [newFolder('api', 'api-A-0', ['A']), newFolder('web', 'web-A-0', ['A'])];
    const timings = { debounceMs: 1, debounceMaxMs: 5, drainGraceMs: 2000 };
    const server = await Child.start('ours-https', api, { timings });
    const client = await openMtls({
      env: {},
      certPath: join(web.path, 'tls.crt'),
      keyPath: join(web.path, 'tls.key'),
      caPath: join(web.path, 'ca.crt'),
      policyPath: join(web.path, 'policy.json'),
      logger() {},
      timings,
    });
    const agents = [0, 1].map(() => client.agent({ via: { host: '127.0.0.1', port: server.port } }));
    let running = true;
    let errors = [];
    let times = [];
    const once1 = agent =>
      new Promise((resolve, reject) => {
        request({ host: HOST, port: 8443, agent }, response => {
          response.resume();
          response.once('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(String(response.statusCode)))));
          response.once('error', reject);
        })
          .once('error', reject)
          .end();
      });
    const worker = async index => {
      while (running) {
        // every fourth makes a connection of its own
        const agent = index === 3 ? client.agent({ via: { host: '127.0.0.1', port: server.port } }) : agents[index % 2];
        const started = performance.now();
        await once1(agent).then(
          () => times.push(performance.now() - started),
          error => errors.push(String(error)),
        );
        if (index === 3) agent.destroy();
      }
    };
    const workers = [0, 1, 2, 3].map(worker);
    await delay(1000);
    const swapOf = async (folder, leaf, roots) => {
      const swapped =
        folder === api
          ? new Promise(resolve => server.child.once('message', resolve))
          : new Promise(resolve => {
              const stop = client.source.onSwap(() => {
                stop();
                resolve();
              });
            });
      // a root goes when nobody calls under it any more, which in a cluster takes as long as the renewal of all leaves
      if (roots.length === 1) await delay(OVERLAP_MS);
      folder.project(leaf, roots);
      await Promise.race([swapped, delay(20_000).then(() => Promise.reject(new Error('no swap within 20 s')))]);
      await delay(PACE_MS);
    };
    const steps = [
      [api, 'api-A', 'AB'],
      [web, 'web-A', 'AB'],
      [web, 'web-B', 'AB'],
      [api, 'api-B', 'AB'],
      [api, 'api-B', 'B'],
      [web, 'web-B', 'B'],
      [web, 'web-B', 'AB'],
      [api, 'api-B', 'AB'],
      [web, 'web-A', 'AB'],
      [api, 'api-A', 'AB'],
      [api, 'api-A', 'A'],
      [web, 'web-A', 'A'],
    ];
    // quiet and rotating phases in turns, so that a busy machine hits both
    const quiet = [];
    const busy = [];
    let rotations = 0;
    const failures = [];
    while (rotations < TOTAL) {
      times = [];
      errors = [];
      const started = performance.now();
      for (let step = 0; step < 100 && rotations < TOTAL; step++, rotations++) {
        const [folder, leaf, roots] = steps[rotations % steps.length];
        await swapOf(folder, `${leaf}-${Math.floor(rotations / steps.length) % 4}`, [...roots]);
      }
      const took = performance.now() - started;
      busy.push(...times);
      failures.push(...errors);
      times = [];
      await delay(took / 2);
      quiet.push(...times);
    }
    running = false;
    await Promise.all(workers);
    failures.push(...errors);
    const metrics = await server.ask('metrics');
    row(
      `${rotations} rotations under load, ${PACE_MS} ms apart, roots in and out: failed requests`,
      `${failures.length} of ${busy.length}`,
      '0',
      failures.length === 0,
    );
    if (failures.length > 0) console.log(`  ${[...new Set(failures)].join('\n  ')}`);
    const ratio = quantile(busy, 0.99) / quantile(quiet, 0.99);
    row(
      '  p99 while rotating (without)',
      `${quantile(busy, 0.99).toFixed(1)} ms (${quantile(quiet, 0.99).toFixed(1)} ms) = ${ratio.toFixed(2)}x`,
      '<= 1.5x',
      ratio <= 1.5,
    );
    row('  p50 while rotating (without)', `${median(busy).toFixed(1)} ms (${median(quiet).toFixed(1)} ms)`, '', undefined);
    row(
      '  roots removed, connections drained by the server',
      (metrics.match(/drained_connections_total\{side="server",reason="root-removed"\} (\d+)/) ?? [0, 0])[1],
      '',
      undefined,
    );
    for (const agent of agents) agent.destroy();
    client.close();
    server.stop();
  },

  async memory() {
    const TOTAL = Number(process.env.BENCH_MEMORY_ROTATIONS ?? 10_000);
    if (!globalThis.gc) return row('memory', 'start with --expose-gc', '', undefined);
    const folder = newFolder('memory', 'api-A-0', ['A']);
    const mtls = await openMtls({
      env: {},
      certPath: join(folder.path, 'tls.crt'),
      keyPath: join(folder.path, 'tls.key'),
      caPath: join(folder.path, 'ca.crt'),
      policyPath: join(folder.path, 'policy.json'),
      logger() {},
      watch: false,
    });
    const server = mtls.createHttpsServer({ port: 8443 }, (_request, response) => response.end('ok'));
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
    const listeners = () => server.eventNames().reduce((sum, name) => sum + server.listenerCount(name), 0);
    const state = async () => {
      for (let round = 0; round < 3; round++) {
        globalThis.gc();
        await delay(20);
      }
      return { rss: process.memoryUsage.rss() / 2 ** 20, descriptors: readdirSync('/proc/self/fd').length, listeners: listeners() };
    };
    const at = {};
    for (let rotation = 1; rotation <= TOTAL; rotation++) {
      folder.project(`api-A-${rotation % 4}`, rotation % 2 ? ['A'] : ['A', 'B']);
      await mtls.refresh();
      if (rotation % (TOTAL / 10) === 0) at[rotation] = await state();
    }
    const [half, end] = [at[TOTAL / 2], at[TOTAL]];
    row(
      `${mtls.current().number - 1} rotations: growth of resident memory over the last half`,
      `${(end.rss - half.rss).toFixed(1)} MB`,
      '<= 10 MB',
      end.rss - half.rss <= 10,
    );
    row(
      '  resident memory at each tenth',
      Object.values(at)
        .map(({ rss }) => rss.toFixed(0))
        .join(' '),
      '',
      undefined,
    );
    row(
      '  descriptors, listeners (half, end)',
      `${half.descriptors} ${half.listeners}, ${end.descriptors} ${end.listeners}`,
      'equal',
      half.descriptors === end.descriptors && half.listeners === end.listeners,
    );
    server.close();
    mtls.close();
  },

  async latency() {
    for (const [what, timings, bound] of [
      ['with the watch', {}, 250],
      ['by the poll alone, each second', { pollIntervalMs: 1000, debounceMs: 60_000, debounceMaxMs: 60_000 }, 2000],
    ]) {
      const folder = newFolder(`latency-${bound}`, 'api-A-0', ['A']);
      const server = await Child.start('ours-tls', folder, { timings });
      const context = createSecureContext(identity('web-A-0', ['A']));
      const serial = () =>
        new Promise((resolve, reject) => {
          const socket = connect(
            { port: server.port, host: '127.0.0.1', servername: HOST, secureContext: context, checkServerIdentity: () => undefined },
            () => {
              const found = socket.getPeerX509Certificate().serialNumber;
              socket.destroy();
              resolve(found);
            },
          );
          socket.once('error', reject);
        });
      const samples = [];
      for (let sample = 1; sample <= 21; sample++) {
        const before = await serial();
        const started = performance.now();
        folder.project(`api-A-${sample % 4}`, ['A']);
        while ((await serial()) === before) await delay(2);
        samples.push(performance.now() - started);
      }
      server.stop();
      row(
        `from swap to first handshake with the new certificate, ${what}`,
        `median ${median(samples).toFixed(0)} ms, max ${Math.max(...samples).toFixed(0)} ms`,
        `median <= ${bound} ms`,
        median(samples) <= bound,
      );
    }
  },
};

BENCHES.grpc = async () => {
  const { default: grpc } = await import('@grpc/grpc-js');
  const { MtlsGrpcChannel, MtlsGrpcServer } = await import('../../libs/sentinel-node/dist/grpc.js');
  // the file watcher logs each look at files that differ
  grpc.setLogVerbosity(grpc.logVerbosity.NONE);
  const bytes = value => value;
  const service = {
    say: {
      path: '/bench.Echo/Say',
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    },
  };
  const handlers = { say: (_call, callback) => callback(null, Buffer.from('ok')) };
  const Client = grpc.makeGenericClientConstructor(service, 'Echo');
  const pathsOf = folder => ({
    certPath: join(folder.path, 'tls.crt'),
    keyPath: join(folder.path, 'tls.key'),
    caPath: join(folder.path, 'ca.crt'),
    policyPath: join(folder.path, 'policy.json'),
  });
  const callNew = (target, credentials, options) =>
    new Promise(resolve => {
      const client = new Client(target, credentials, { 'grpc.use_local_subchannel_pool': 1, ...options });
      client.say(Buffer.from('x'), { deadline: Date.now() + 10_000 }, error => {
        client.close();
        resolve(error ? 1 : 0);
      });
    });
  const ours = newFolder('grpc-ours', 'api-A-0', ['A']);
  const theirs = newFolder('grpc-theirs', 'api-A-0', ['A']);
  const caller = newFolder('grpc-caller', 'web-A-0', ['A']);
  const [server, client] = await Promise.all([
    openMtls({ env: {}, logger() {}, ...pathsOf(ours) }),
    openMtls({ env: {}, logger() {}, ...pathsOf(caller) }),
  ]);
  const oursServer = new MtlsGrpcServer(server, { port: 8443 });
  oursServer.server.addService(service, handlers);
  const oursPort = await oursServer.listen(0, '127.0.0.1');
  const { certPath, keyPath, caPath } = pathsOf(theirs);
  const provider = new grpc.experimental.FileWatcherCertificateProvider({
    certificateFile: certPath,
    privateKeyFile: keyPath,
    caCertificateFile: caPath,
    refreshIntervalMs: 100,
  });
  const theirServer = new grpc.Server();
  theirServer.addService(service, handlers);
  const theirPort = await new Promise((resolve, reject) =>
    theirServer.bindAsync(
      '127.0.0.1:0',
      grpc.experimental.createCertificateProviderServerCredentials(provider, provider, true),
      (error, port) => (error ? reject(error) : resolve(port)),
    ),
  );
  const { cert, key, ca } = identity('web-A-0', ['A']);
  const plain = grpc.credentials.createSsl(Buffer.from(ca[0]), Buffer.from(key), Buffer.from(cert));
  const failed = { ours: 0, theirs: 0 };
  let calls = 0;
  let running = true;
  const worker = async () => {
    while (running) {
      const channel = new MtlsGrpcChannel(client, `127.0.0.1:${oursPort}`, { host: HOST, port: 8443 });
      failed.ours += await callNew(`127.0.0.1:${oursPort}`, channel.credentials, { channelOverride: channel });
      failed.theirs += await callNew(`127.0.0.1:${theirPort}`, plain, { 'grpc.ssl_target_name_override': HOST });
      calls++;
    }
  };
  await delay(500);
  const work = worker();
  for (let rotation = 1; rotation <= 20; rotation++) {
    const { chain, key: nextKey } = made.get(`api-A-${rotation % 4}`);
    // not as the kubelet does it, but as cp and spiffe-helper do: certificate first, key later
    for (const folder of [ours, theirs]) writeFileSync(join(folder.path, '..data', 'tls.crt'), chain);
    await delay(300);
    for (const folder of [ours, theirs]) writeFileSync(join(folder.path, '..data', 'tls.key'), nextKey);
    await delay(400);
  }
  running = false;
  await work;
  row(
    `gRPC, 20 rotations with the key 300 ms late: failed calls of ${calls}, new connections`,
    `${failed.ours} (file watcher of grpc-js: ${failed.theirs})`,
    '0',
    failed.ours === 0,
  );
  oursServer.destroy();
  theirServer.forceShutdown();
  server.close();
  client.close();
};

const names = process.argv.slice(2);
const unknown = names.find(name => !Object.hasOwn(BENCHES, name));
if (unknown !== undefined) {
  console.error(`there is no benchmark "${unknown}"\n  benchmarks: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
try {
  console.log(
    `node ${process.version}, OpenSSL ${process.versions.openssl}, ${availableParallelism()} cores, load ${loadavg()[0].toFixed(1)}\n`,
  );
  for (const [name, bench] of Object.entries(BENCHES)) if (names.length === 0 || names.includes(name)) await bench();
} finally {
  rmSync(base, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
