import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describeWithHelm } from '../_helm.js';
import { tool } from '../_tools.js';
import { ROOT, read } from './_examples.js';

interface Step {
  readonly name?: string;
  readonly run?: string;
}

const jobs = (parse(read('ci/release-chart.yaml')) as { readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>> })
  .jobs;

/** The script of a step, as the runner would run it. */
function scriptOf(job: string, name: string): string {
  const script = jobs[job]?.steps.find(step => step.name === name)?.run;
  if (script === undefined) throw new Error(`job ${job} has no step "${name}"`);
  return script;
}

const PASSPHRASE = 'correct horse';
const { version: VERSION } = parse(readFileSync(join(ROOT, 'charts/sentinel-core/Chart.yaml'), 'utf8')) as { readonly version: string };
const ARCHIVE = `sentinel-core-${VERSION}.tgz`;

/** A key that lives as long as the folder: the secret ring in base64, the public one armored, and another's. */
function throwawayKey(folder: string, name: string): { readonly secret: string; readonly armored: string; readonly id: string } {
  const home = join(folder, `gpg-${name}`);
  mkdirSync(home, { mode: 0o700 });
  const gpg = (args: readonly string[], encoding: 'utf8' | 'buffer') =>
    spawnSync('gpg', ['--homedir', home, '--batch', '--yes', '--pinentry-mode', 'loopback', '--passphrase', PASSPHRASE, ...args], {
      encoding,
    }).stdout;
  const id = `${name} <${name}@example.com>`;
  if (spawnSync('gpg', ['--version']).status !== 0) throw new Error('gpg is missing: install GnuPG, with which charts are signed');
  gpg(['--quick-generate-key', id, 'rsa3072', 'sign', '1d'], 'utf8');
  const secret = (gpg(['--export-secret-keys', id], 'buffer') as Buffer).toString('base64');
  const armored = gpg(['--armor', '--export', id], 'utf8') as string;
  execFileSync('gpgconf', ['--homedir', home, '--kill', 'all']);
  if (secret === '' || armored === '') throw new Error('gpg made no key');
  return { secret, armored, id };
}

describeWithHelm('the release workflow signs a chart', helm => {
  let folder: string;
  let environment: NodeJS.ProcessEnv;

  /** In the checkout, with the steps' own environment, by bash as the runner calls it. */
  const run = (job: string, step: string, more: NodeJS.ProcessEnv = {}) =>
    spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', scriptOf(job, step)], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...environment, ...more },
    });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'release-'));
    cpSync(join(ROOT, 'charts/sentinel-core'), join(folder, 'charts/sentinel-core'), { recursive: true });
    const key = throwawayKey(folder, 'release');
    writeFileSync(join(folder, 'charts/signing-key.asc'), key.armored);
    writeFileSync(join(folder, '.gitignore'), 'bin\ngpg-*\nout\n*.gpg\n');
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'commit.gpgsign=false', ...args], {
        cwd: folder,
        env: { ...process.env, GIT_COMMITTER_DATE: '2026-01-02T03:04:05Z' },
      });
    git('init', '-q');
    git('add', '.');
    git('commit', '-q', '-m', 'chart');
    mkdirSync(join(folder, 'bin'));
    symlinkSync(helm.path, join(folder, 'bin/helm'));
    environment = {
      ...process.env,
      PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
      HOME: folder,
      CHART: 'charts/sentinel-core',
      KEYRING: key.secret,
      PASSPHRASE,
      KEY: key.id,
      GITHUB_REF_NAME: `v${VERSION}`,
    };
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('a tag that is not the version stops it', () => {
    expect(run('pack', "The tag is the chart's version")).toMatchObject({ status: 0 });
    const wrong = run('pack', "The tag is the chart's version", { GITHUB_REF_NAME: 'v99.0.0' });
    expect(wrong).toMatchObject({ status: 1, stdout: expect.stringContaining(`Chart.yaml has version ${VERSION}, the tag is v99.0.0`) });
  });

  test('packs, signs, and what was signed verifies with the public key', () => {
    const packed = run('pack', 'Pack and sign');
    expect(packed).toMatchObject({ status: 0 });
    expect(readdirSync(join(folder, 'out')).sort()).toEqual([ARCHIVE, `${ARCHIVE}.prov`]);
    const verified = run('pack', 'What was signed verifies with the public key that users have');
    expect(verified).toMatchObject({ status: 0 });
    expect(verified.stdout + verified.stderr).toContain('Signed by: release <release@example.com>');
  });

  test('nothing of the secret key stays, and no output shows it or its passphrase', () => {
    const packed = run('pack', 'Pack and sign', { TMPDIR: join(folder, 'out') });
    expect(packed.status).toBe(0);
    expect(readdirSync(join(folder, 'out')).sort()).toEqual([ARCHIVE, `${ARCHIVE}.prov`]);
    expect(packed.stdout + packed.stderr).not.toMatch(new RegExp(`${PASSPHRASE}|BEGIN PGP PRIVATE`));
  });

  test('a wrong passphrase, or a key that is not in the ring, signs nothing', () => {
    rmSync(join(folder, 'out'), { recursive: true });
    for (const wrong of [{ PASSPHRASE: 'wrong' }, { KEY: 'nobody' }]) {
      expect(run('pack', 'Pack and sign', wrong).status).not.toBe(0);
      expect(readdirSync(join(folder, 'out')).filter(name => name.endsWith('.prov'))).toEqual([]);
    }
    expect(run('pack', 'Pack and sign').status).toBe(0);
  });

  const verify = (archive: string, ring = join(folder, 'pubring.gpg')) =>
    spawnSync(helm.path, ['verify', archive, '--keyring', ring], { encoding: 'utf8' });

  /** A copy of the signed chart that was changed on the way. */
  function tampered(name: string, change: (archive: string) => void): string {
    const copy = join(folder, name);
    cpSync(join(folder, 'out'), copy, { recursive: true });
    const archive = join(copy, ARCHIVE);
    change(archive);
    return archive;
  }

  test.each<[string, (archive: string) => void]>([
    ['a byte of the archive changed', archive => writeFileSync(archive, Buffer.concat([readFileSync(archive), Buffer.from([0])]))],
    [
      'its version changed in the provenance',
      archive =>
        writeFileSync(`${archive}.prov`, readFileSync(`${archive}.prov`, 'utf8').replace(`version: ${VERSION}`, 'version: 99.0.0')),
    ],
    ['its provenance gone', archive => rmSync(`${archive}.prov`)],
  ])('with %s it does not verify', (name, change) => {
    expect(verify(join(folder, 'out', ARCHIVE)).status).toBe(0);
    expect(verify(tampered(name.replaceAll(' ', '-'), change)).status).not.toBe(0);
  });

  test('with the key of somebody else it does not verify', () => {
    const other = throwawayKey(folder, 'other');
    const ring = join(folder, 'other.gpg');
    writeFileSync(ring, spawnSync('gpg', ['--dearmor'], { input: other.armored }).stdout);
    expect(verify(join(folder, 'out', ARCHIVE), ring)).toMatchObject({ status: 1 });
  });

  test('two runs pack the same files; with Helm 4 at the same times, where Helm 3 writes those of the run', () => {
    const listing = (): string[] =>
      execFileSync('tar', ['-tvzf', join('out', ARCHIVE), '--utc', '--full-time'], { cwd: folder, encoding: 'utf8' })
        .split('\n')
        .map(line => (helm.major === 3 ? line.replace(/ \d{4}-\S+ \S+ /, ' ') : line));
    const first = listing();
    expect(first.join('\n')).toContain('sentinel-core/Chart.yaml');
    if (helm.major === 4) expect(first.join('\n')).toContain('2026-01-02 03:04:05');
    expect(run('pack', 'Pack and sign').status).toBe(0);
    expect(listing()).toEqual(first);
  });

  const registry = tool('registry');
  (registry === undefined ? test.skip : test)('what a registry gives back verifies, and the digest is what it has', async () => {
    const server = spawn(registry ?? '', { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      const [first] = (await once(server.stdout, 'data')) as [Buffer];
      const address = first.toString().trim();
      // the same step, but for the registry's lack of TLS
      const script = scriptOf('publish', 'Push').replace('helm push ', 'helm push --plain-http ');
      const output = join(folder, 'github-output');
      const env = { ...environment, REGISTRY: `${address}/charts`, GITHUB_OUTPUT: output };
      const pushed = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], { cwd: folder, encoding: 'utf8', env });
      expect(pushed).toMatchObject({ status: 0 });
      const digest = /^digest=(sha256:[0-9a-f]{64})\n$/.exec(readFileSync(output, 'utf8'))?.[1];
      const manifest = await fetch(`http://${address}/v2/charts/sentinel-core/manifests/${VERSION}`, { method: 'HEAD' });
      expect([manifest.status, manifest.headers.get('docker-content-digest')]).toEqual([200, digest]);
      const pulled = join(folder, 'pulled');
      mkdirSync(pulled);
      const pull = (ring: string) =>
        spawnSync(
          helm.path,
          ['pull', `oci://${address}/charts/sentinel-core`, '--version', VERSION, '--plain-http', '--verify', '--keyring', ring],
          { cwd: pulled, encoding: 'utf8', env },
        );
      expect(pull(join(folder, 'other.gpg')).status).not.toBe(0);
      expect(pull(join(folder, 'pubring.gpg'))).toMatchObject({ status: 0 });
    } finally {
      server.stdin.end();
      await once(server, 'exit');
    }
  });
});
