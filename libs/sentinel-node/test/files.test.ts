import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderWatch } from '../src/folder-watch.js';
import { FileSource, type FileSourceOptions } from '../src/index.js';
import { filesOf, ProjectedFolder, policyOf } from './_folder.js';
import { codeOf, Party, until } from './_mtls.js';
import { type Leaf, TestAuthority } from './_pki.js';

let root: TestAuthority;
let other: TestAuthority;
let leaf: Leaf;
let next: Leaf;
const policy = policyOf({ service: 'api' });

beforeAll(async () => {
  root = await TestAuthority.make('root');
  other = await TestAuthority.make('other');
  leaf = await root.issue('api');
  next = await root.issue('api');
});

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

function newFolder(): ProjectedFolder {
  const folder = new ProjectedFolder();
  open.push(() => folder.remove());
  return folder;
}

async function openSource(folder: ProjectedFolder, options: Partial<FileSourceOptions> = {}): Promise<FileSource> {
  const source = await FileSource.open({
    ...folder.paths(),
    watch: false,
    ...options,
    timings: { firstGenerationDeadlineMs: 0, ...options.timings },
  });
  open.push(() => source.close());
  return source;
}

const FAST = { pollIntervalMs: 50, debounceMs: 5, debounceMaxMs: 20 };

test('[1] missing files at the start end in one clear line with code, path and deadline', async () => {
  const folder = newFolder();
  const failed = openSource(folder, { timings: { firstGenerationDeadlineMs: 50, retryInitialMs: 10 } });
  await expect(failed).rejects.toMatchObject({
    code: 'cert-missing',
    message: `no valid generation within 0.05 s: cert-missing: ${folder.paths().certPath}: no such file`,
  });
});

test('[1] the first generation is awaited until its deadline, not longer', async () => {
  const started = performance.now();
  expect(await codeOf(openSource(newFolder(), { timings: { firstGenerationDeadlineMs: 200, retryInitialMs: 10 } }))).toBe('cert-missing');
  const took = performance.now() - started;
  expect(took).toBeGreaterThanOrEqual(200);
  expect(took).toBeLessThan(2000);
});

test('[2] files that appear later start it, found by the watch before the next retry', async () => {
  const folder = newFolder();
  const opening = openSource(folder, {
    watch: true,
    timings: { ...FAST, pollIntervalMs: 60_000, firstGenerationDeadlineMs: 20_000, retryInitialMs: 15_000, retryMaxMs: 15_000 },
  });
  setTimeout(() => folder.project(filesOf(leaf, [root], policy)), 50);
  const started = performance.now();
  expect((await opening).current().number).toBe(1);
  expect(performance.now() - started).toBeLessThan(10_000);
});

test('[2] files that appear later start it without a watch', async () => {
  const folder = newFolder();
  const opening = openSource(folder, { timings: { firstGenerationDeadlineMs: 20_000, retryInitialMs: 20, retryMaxMs: 20 } });
  setTimeout(() => folder.project(filesOf(leaf, [root], policy)), 50);
  expect((await opening).current().number).toBe(1);
});

test('[3] a file cut at any byte is refused, or is whole but for white space', async () => {
  const folder = newFolder();
  folder.project(filesOf(leaf, [root], policy));
  const source = await openSource(folder);
  const first = source.current();
  const files: Record<string, string> = { 'tls.crt': leaf.cert, 'tls.key': leaf.key, 'ca.crt': root.pem };
  let refused = 0;
  for (const [name, content] of Object.entries(files)) {
    for (let length = 0; length < content.trimEnd().length; length++) {
      folder.write(name, content.slice(0, length));
      await source.refresh();
      expect({ name, length, same: source.current() === first, refused: source.refusals.length }).toEqual({
        name,
        length,
        same: true,
        refused: 1,
      });
      refused++;
    }
    folder.write(name, content);
  }
  expect(refused).toBeGreaterThan(1500);
  await source.refresh();
  expect(source.current()).toBe(first);
});

test('[4](trap 3) an empty file is refused by its own code, each of the four', async () => {
  const folder = newFolder();
  const files = filesOf(leaf, [root], policy);
  folder.project(files);
  const source = await openSource(folder);
  for (const [name, code] of [
    ['tls.crt', 'cert-empty'],
    ['tls.key', 'key-empty'],
    ['ca.crt', 'bundle-empty'],
    ['policy.json', 'policy-empty'],
  ] as const) {
    folder.write(name, '');
    await source.refresh();
    expect(source.refusals.map(refusal => refusal.code)).toEqual([code]);
    folder.write(name, files[name] ?? '');
  }
});

test('[5] CRLF and a byte order mark are read, garbage is not', async () => {
  const folder = newFolder();
  folder.project({ ...filesOf(leaf, [root], policy), 'tls.crt': `\ufeff${leaf.cert.replace(/\n/g, '\r\n')}` });
  const source = await openSource(folder);
  for (const garbage of [
    Buffer.from([0x30, 0x82, 0x01, 0x00]),
    '-----BEGIN CERTIFICATE-----\n@@@@\n-----END CERTIFICATE-----\n',
    leaf.cert.replace(/CERTIFICATE/g, 'PUBLIC KEY'),
  ]) {
    folder.write('tls.crt', garbage);
    await source.refresh();
    expect(source.refusals.map(({ code }) => code)).toEqual(['cert-malformed']);
  }
});

test('[6][7] a mismatched pair keeps the old one for ever, and is counted and logged once', async () => {
  const party = await Party.open(filesOf(leaf, [root], policy));
  party.folder.write('tls.crt', next.cert);
  for (let look = 0; look < 3; look++) await party.mtls.refresh();
  expect(party.mtls.current().number).toBe(1);
  expect(party.count('sentinel_mtls_reloads_total', { reason: 'key-mismatch' })).toBe(1);
  expect(party.events('reload-refused').map(({ fields }) => fields.code)).toEqual(['key-mismatch']);
  party.folder.write('tls.key', next.key);
  await party.mtls.refresh();
  expect(party.mtls.current().number).toBe(2);
  await party.close();
});

test('[8] a key without permission is refused with EACCES, and no content', () => {
  const folder = newFolder();
  folder.project(filesOf(leaf, [root], policy));
  chmodSync(join(folder.path, '..data', 'tls.key'), 0o000);
  chmodSync(join(folder.path, '..'), 0o755);
  // root reads everything: another user has to try
  const script = `require('./libs/sentinel-node/dist/index.js').FileSource.open({...JSON.parse(process.argv[1]),watch:false,timings:{firstGenerationDeadlineMs:0}}).catch(e=>console.log(e.code,e.message))`;
  const isRoot = process.getuid?.() === 0;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script, JSON.stringify(folder.paths())], {
    cwd: join(__dirname, '../../..'),
    encoding: 'utf8',
    ...(isRoot && { uid: 65534, gid: 65534 }),
  });
  expect(`${stdout}${stderr}`).toMatch(/^key-unreadable no valid generation within 0 s: key-unreadable: \S+tls\.key: EACCES\n$/);
});

test('[9] a folder, a dangling link and a loop in place of a file are refused', async () => {
  const folder = newFolder();
  folder.project(filesOf(leaf, [root], policy));
  const source = await openSource(folder);
  const path = join(folder.path, '..data', 'tls.key');
  const tries: [string, () => void][] = [
    ['key-unreadable', () => mkdirSync(path)],
    ['key-missing', () => symlinkSync('nowhere', path)],
    ['key-unreadable', () => symlinkSync('tls.key', path)],
    ['key-unreadable', () => execFileSync('mkfifo', [path])],
  ];
  for (const [code, put] of tries) {
    rmSync(path, { recursive: true, force: true });
    put();
    await source.refresh();
    expect(source.refusals.map(refusal => refusal.code)).toEqual([code]);
    expect(source.current().number).toBe(1);
  }
});

test('[10](trap 10) 300 swaps in a row, while it reads all the time, never give a mixed generation', async () => {
  const folder = newFolder();
  const generations = await Promise.all(
    Array.from({ length: 6 }, async (_, index) => {
      const authority = await TestAuthority.make(`root-${index}`);
      return filesOf(await authority.issue('api'), [authority], policy);
    }),
  );
  folder.project(generations[0] ?? {});
  const source = await openSource(folder);
  let looks = 0;
  let swaps = 0;
  const looking = (async () => {
    for (; swaps < 300 || looks < 20; looks++) await source.refresh();
  })();
  while (swaps < 300 || looks < 20) {
    folder.project(generations[++swaps % generations.length] ?? {});
    // a few milliseconds: faster than any read, nothing could be seen but torn files
    await new Promise(resolve => setTimeout(resolve, swaps % 5));
  }
  await looking;
  await source.refresh();
  // a mixture would have been refused: key-mismatch, or a chain that does not end in the bundle
  const reasons = [...source.metrics.text().matchAll(/result="refused",reason="([\w-]+)"/g)].map(([, reason]) => reason);
  expect(reasons.filter(reason => reason !== 'files-torn')).toEqual([]);
  expect(source.current().number).toBeGreaterThan(5);
  expect(source.current().leaf.x509.toString()).toBe(generations[swaps % generations.length]?.['tls.crt']);
});

test('[10](trap 9) the second and every further swap is seen by the watch', async () => {
  const folder = newFolder();
  folder.project(filesOf(leaf, [root], policy));
  const source = await openSource(folder, { watch: true, timings: { ...FAST, pollIntervalMs: 60_000 } });
  for (let swap = 2; swap <= 6; swap++) {
    folder.project(filesOf(swap % 2 === 0 ? next : leaf, [root], policy));
    await until(() => source.current().number === swap, `generation ${swap} by the watch`);
  }
});

test('[11] a folder that is deleted and made anew is found by the poll, and watched again', async () => {
  const logged: string[] = [];
  const folder = newFolder();
  folder.project(filesOf(leaf, [root], policy));
  const source = await openSource(folder, { watch: true, timings: FAST, logger: (_level, event) => logged.push(event) });
  rmSync(folder.path, { recursive: true });
  folder.project(filesOf(next, [root], policy));
  await until(() => source.current().number === 2, 'the new folder');
  await until(() => logged.includes('watch-lost'), 'the event');
  await until(() => source.metrics.get('sentinel_mtls_watch_active') === 1, 'the new watch');
});

test('[12] a folder that is not projected, as a subPath mount, is said once', async () => {
  const path = mkdtempSync(join(tmpdir(), 'sentinel-plain-'));
  open.push(() => rmSync(path, { recursive: true }));
  for (const [name, content] of Object.entries(filesOf(leaf, [root], policy))) writeFileSync(join(path, name), content);
  const logged: string[] = [];
  const at = (name: string): string => join(path, name);
  const source = await FileSource.open({
    certPath: at('tls.crt'),
    keyPath: at('tls.key'),
    caPath: at('ca.crt'),
    policyPath: at('policy.json'),
    watch: false,
    logger: (_level, event) => logged.push(event),
  });
  for (let look = 0; look < 3; look++) await source.refresh();
  expect(logged.filter(event => event === 'folder-not-projected')).toHaveLength(1);
});

test('[13] without a watch the poll finds the change within its interval', async () => {
  const folder = newFolder();
  folder.project(filesOf(leaf, [root], policy));
  // a folder that can't be watched stands for exhausted inotify: both end in a watch that can't be made
  const source = await openSource(folder, { watch: true, timings: FAST });
  expect(source.metrics.get('sentinel_mtls_watch_active')).toBe(1);
  const lost: string[] = [];
  const watch = new FolderWatch(
    [join(folder.path, 'nothing')],
    () => {},
    (_folder, detail) => lost.push(detail),
  );
  watch.check();
  expect({ active: watch.active, lost }).toEqual({ active: false, lost: ['no such folder'] });
  watch.close();
  const polled = await openSource(folder, { timings: FAST, watch: false });
  folder.project(filesOf(next, [root], policy));
  await polled.refresh();
  expect(polled.current().number).toBe(2);
});

test('[13] inotify that is exhausted (simulated: fs.watch throws EMFILE) leaves the poll, which finds the change', () => {
  const folder = newFolder();
  folder.project(filesOf(leaf, [root], policy));
  const script = `
    const fs = require('node:fs');
    const { FileSource } = require('./libs/sentinel-node/dist/index.js');
    (async () => {
      fs.watch = () => { throw Object.assign(new Error('x'), { code: 'EMFILE' }); };
      const lost = [];
      const source = await FileSource.open({ ...JSON.parse(process.argv[1]), timings: { pollIntervalMs: 50, firstGenerationDeadlineMs: 0 }, logger: (l, event, f) => { if (event === 'watch-lost') lost.push(f.detail); } });
      fs.writeFileSync(process.argv[2], fs.readFileSync(process.argv[2], 'utf8') + '\\n# changed\\n');
      fs.writeFileSync(process.argv[3], process.argv[4]);
      setInterval(() => { if (source.current().number === 2) { console.log(JSON.stringify({ lost, active: source.metrics.get('sentinel_mtls_watch_active') })); process.exit(0); } }, 10);
      setTimeout(() => { console.log('not found'); process.exit(1); }, 10000);
    })();`;
  const data = join(folder.path, '..data');
  const changed = policyOf({ service: 'api', allow: ['web'] });
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['-e', script, JSON.stringify(folder.paths()), join(data, 'tls.key'), join(data, 'policy.json'), changed],
    { cwd: join(__dirname, '../../..'), encoding: 'utf8' },
  );
  expect({ stdout, stderr }).toEqual({ stdout: '{"lost":["EMFILE"],"active":0}\n', stderr: '' });
});

test('[14] a storm of events makes few looks, and identical content no swap', async () => {
  const folder = newFolder();
  folder.project(filesOf(leaf, [root], policy));
  const source = await openSource(folder, {
    watch: true,
    timings: { ...FAST, debounceMs: 30, debounceMaxMs: 100, pollIntervalMs: 60_000 },
  });
  const swaps: number[] = [];
  source.onSwap(generation => swaps.push(generation.number));
  for (let round = 0; round < 100; round++) folder.project(filesOf(leaf, [root], policy));
  folder.project(filesOf(next, [root], policy));
  await until(() => source.current().number === 2, 'the one real change');
  expect(swaps).toEqual([2]);
});

test('[14] events that never end do not put off the look for ever', async () => {
  const folder = newFolder();
  folder.project(filesOf(leaf, [root], policy));
  const source = await openSource(folder, { watch: true, timings: { debounceMs: 200, debounceMaxMs: 300, pollIntervalMs: 60_000 } });
  folder.project(filesOf(next, [root], policy));
  const storm = setInterval(() => folder.write('noise', String(Math.random())), 20);
  const noise = setInterval(() => writeFileSync(join(folder.path, '..noise'), ''), 20);
  try {
    await until(() => source.current().number === 2, 'a look in spite of the storm');
  } finally {
    clearInterval(storm);
    clearInterval(noise);
  }
});

test('[15] a change with the same size and modification time is found', async () => {
  const folder = newFolder();
  folder.project(filesOf(leaf, [root], policy));
  const source = await openSource(folder);
  const other = policyOf({ service: 'api', allow: ['web'] });
  const same = policyOf({ service: 'api', allow: ['job'] });
  expect(other.length).toBe(same.length);
  const path = join(folder.path, '..data', 'policy.json');
  for (const [text, number] of [
    [other, 2],
    [same, 3],
  ] as const) {
    writeFileSync(path, text);
    utimesSync(path, 1000, 1000);
    await source.refresh();
    expect(source.current().number).toBe(number);
  }
});

test("[15] timers don't follow a clock that jumps", async () => {
  const folder = newFolder();
  folder.project(filesOf(leaf, [root], policy));
  const source = await openSource(folder, { watch: true, timings: FAST });
  const real = Date.now;
  try {
    // back by a day: the poll goes by the monotonic clock
    Date.now = () => real() - 86_400_000;
    folder.project(filesOf(next, [root], policy));
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no look within 5 s')), 5000);
      const stop = source.onSwap(() => {
        clearTimeout(timer);
        stop();
        resolve();
      });
      if (source.refusals.length > 0) resolve();
    }).catch(error => {
      // a leaf that is not valid yet by this clock may be refused: then the look was made
      if (source.refusals.length === 0) throw error;
    });
  } finally {
    Date.now = real;
  }
});

test('[16] a file of 100 MB is refused before it is read', async () => {
  const folder = newFolder();
  folder.project(filesOf(leaf, [root], policy));
  const source = await openSource(folder);
  truncateSync(join(folder.path, '..data', 'ca.crt'), 100 * 1024 * 1024);
  const before = process.memoryUsage.rss();
  await source.refresh();
  expect(source.refusals.map(({ code }) => code)).toEqual(['bundle-too-large']);
  expect(process.memoryUsage.rss() - before).toBeLessThan(50 * 1024 * 1024);
});

test('[17] an encrypted key is refused with a text that says why', async () => {
  const encrypted = createPrivateKey(leaf.key)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
    .toString();
  const folder = newFolder();
  folder.project({ ...filesOf(leaf, [root], policy), 'tls.key': encrypted });
  await expect(openSource(folder)).rejects.toMatchObject({ code: 'key-encrypted', message: expect.stringContaining('needs a passphrase') });
});

test('[18] key and chain of one file, in any order, with a stranger among them', async () => {
  const intermediate = await TestAuthority.make('intermediate', root);
  const deep = await intermediate.issue('api');
  const [leafPem = '', intermediatePem = ''] = deep.cert.split(/(?<=-----END CERTIFICATE-----\n)/);
  const folder = newFolder();
  const combined = intermediatePem + other.pem + deep.key + leafPem + leafPem;
  folder.project({ 'tls.crt': combined, 'ca.crt': root.pem, 'policy.json': policy });
  const { certPath, caPath, policyPath } = folder.paths();
  const source = await FileSource.open({
    certPath,
    keyPath: certPath,
    caPath,
    policyPath,
    watch: false,
    timings: { firstGenerationDeadlineMs: 0 },
  });
  open.push(() => source.close());
  expect(source.current().certPem).toBe(leafPem + intermediatePem);
});

test('[19] no log, error, metric or inspected object holds a byte of a key', async () => {
  const { inspect } = await import('node:util');
  const out: string[] = [];
  const party = await Party.open(filesOf(leaf, [root], policy));
  const keyLines = [leaf.key, next.key].flatMap(key => key.split('\n').filter(line => line !== '' && !line.startsWith('-----')));
  const tries: [string, string][] = [
    ['tls.key', next.key],
    ['tls.key', next.key.slice(0, 100)],
    ['tls.crt', next.key],
    ['ca.crt', root.pem + next.key],
    ['tls.key', `${next.key}${leaf.key}`],
    ['policy.json', next.key],
    ['policy.json', JSON.stringify({ version: 1, mode: next.key })],
  ];
  const whole = filesOf(leaf, [root], policy);
  for (const [name, content] of tries) {
    party.folder.write(name, content);
    await party.mtls.refresh();
    out.push(inspect(party.mtls.source.refusals, { depth: 9 }), party.mtls.source.metricsText());
    party.folder.write(name, whole[name] ?? '');
  }
  expect(party.events('reload-refused').length).toBe(tries.length);
  out.push(
    inspect(party.logged, { depth: 9 }),
    inspect(party.mtls, { depth: 20, showHidden: true }),
    inspect(party.mtls.current(), { depth: 20 }),
    JSON.stringify(party.mtls.current()),
  );
  const text = out.join('\n');
  expect(keyLines.filter(line => text.includes(line))).toEqual([]);
  expect(text.includes('PRIVATE KEY')).toBe(false);
  await party.close();
});

test('a file that keeps changing while it is read is refused, and taken when it is at rest', async () => {
  const path = mkdtempSync(join(tmpdir(), 'sentinel-torn-'));
  open.push(() => rmSync(path, { recursive: true }));
  const files = filesOf(leaf, [root], policy);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  const at = (name: string): string => join(path, name);
  const source = await FileSource.open({
    certPath: at('tls.crt'),
    keyPath: at('tls.key'),
    caPath: at('ca.crt'),
    policyPath: at('policy.json'),
    watch: false,
    timings: { tornReadRetries: 2, tornReadDelayMs: 0 },
  });
  open.push(() => source.close());
  // a process of its own: one look gives nobody else of this process a turn
  const script =
    "const fs = require('node:fs'); for (let n = 0; ; n++) fs.writeFileSync(process.argv[1], process.argv[2] + '# ' + 'x'.repeat(n % 1000) + '\\n');";
  const writer = spawn(process.execPath, ['-e', script, at('ca.crt'), root.pem], { stdio: 'ignore' });
  const seen = new Set<string>();
  const deadline = performance.now() + 30_000;
  while (!seen.has('files-torn') && performance.now() < deadline) {
    await source.refresh();
    for (const { code } of source.refusals) seen.add(code);
  }
  writer.kill();
  await once(writer, 'close');
  expect([...seen]).toContain('files-torn');
  // whatever was refused, it was never half a bundle that was taken
  expect(source.current().identity.roots).toHaveLength(1);
  writeFileSync(at('ca.crt'), root.pem);
  await source.refresh();
  expect(source.refusals).toEqual([]);
});

test('opening and closing many times leaves no watch behind', async () => {
  const folder = newFolder();
  folder.project(filesOf(leaf, [root], policy));
  const count = (): number => process.getActiveResourcesInfo().filter(name => name === 'FSEventWrap' || name === 'Timeout').length;
  const before = count();
  for (let round = 0; round < 50; round++) (await openSource(folder, { watch: true })).close();
  // a timer of somebody else in this process may be counted for a moment; what is left behind stays
  await until(() => count() <= before, 'no more watches and timers than before');
});
