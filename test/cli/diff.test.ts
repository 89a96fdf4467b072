import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cli, workspace } from './_cli.js';

const diff = (folder: string, ...args: string[]) => cli(['diff', ...args], folder);

function rendered(): string {
  const folder = workspace();
  expect(cli(['synth'], folder).code).toBe(0);
  return folder;
}

/** In a repository, with what `synth` wrote committed. */
function committed(): string {
  const folder = rendered();
  git(folder, 'init', '-q', '-b', 'main');
  git(folder, 'add', '.');
  git(folder, 'commit', '-q', '-m', 'rendered');
  return folder;
}

const IDENTITY = [
  '-c',
  'user.name=test',
  '-c',
  'user.email=test@example.com',
  '-c',
  'commit.gpgsign=false',
  '-c',
  'core.hooksPath=/dev/null',
];
const git = (folder: string, ...args: string[]): string => execFileSync('git', [...IDENTITY, ...args], { cwd: folder, encoding: 'utf8' });

function edit(folder: string, path: string, from: string, to: string): void {
  const before = readFileSync(join(folder, path), 'utf8');
  expect(before).toContain(from);
  writeFileSync(join(folder, path), before.replace(from, to));
}

describe('sentinel-mtls diff', () => {
  test('two equal folders have no difference', () => {
    const folder = rendered();
    cpSync(join(folder, 'dist'), join(folder, 'old'), { recursive: true });
    expect(diff(folder, 'old', 'dist')).toEqual({ code: 0, stdout: 'no difference\n', stderr: '' });
  });

  test('a declared change is found in what synth writes, against what is committed', () => {
    const folder = committed();
    edit(
      folder,
      'fleet.yaml',
      'calls: [pipeline-controller:https]\n\n  node-agent',
      'calls: [pipeline-controller:https, control-api:https]\n\n  node-agent',
    );
    expect(cli(['synth'], folder).code).toBe(0);
    const { code, stdout } = diff(folder, 'git:HEAD:dist', 'dist');
    expect(code).toBe(1);
    expect(stdout.match(/! \+ infra-adapter → control-api:https/g)?.length).toBe(3);
  });

  test('a commit is read without touching the work tree, the index, or a file that was deleted there', () => {
    const folder = committed();
    rmSync(join(folder, 'dist/dev/trust.yaml'));
    git(folder, 'rm', '-q', '--cached', 'dist/dev/policy.yaml');
    const before = [git(folder, 'status', '--porcelain'), readFileSync(join(folder, '.git/index')).toString('hex')];
    const { code, stdout } = diff(folder, 'git:main:dist', 'git:HEAD:dist');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'no difference\n' });
    expect([git(folder, 'status', '--porcelain'), readFileSync(join(folder, '.git/index')).toString('hex')]).toEqual(before);
    expect(diff(folder, 'git:HEAD:dist', 'dist').stdout).toContain('   ! - Bundle sentinel-ca-bundle');
  });

  test('a path is relative to the folder in which the command runs, and may be one environment or one file', () => {
    const folder = committed();
    const below = join(folder, 'dist');
    expect(diff(below, 'git:HEAD:.', '.').code).toBe(0);
    expect(diff(below, 'git:HEAD:dev', 'dev').code).toBe(0);
    expect(diff(below, 'git:HEAD:../dist/dev/', 'dev').code).toBe(0);
    expect(diff(below, 'git:HEAD:dev/identity.yaml', 'dev/identity.yaml')).toMatchObject({ code: 0 });
    expect(diff(below, 'git:HEAD:dev/identity.yaml', 'dev/policy.yaml')).toMatchObject({ code: 1 });
  });

  test('--fail-on chooses what ends with 1', () => {
    const folder = rendered();
    cpSync(join(folder, 'dist'), join(folder, 'old'), { recursive: true });
    edit(folder, 'dist/prod/workload.yaml', 'replicas: 3', 'replicas: 4');
    expect(diff(folder, 'old', 'dist').code).toBe(1);
    expect(diff(folder, 'old', 'dist', '--fail-on', 'weaker').code).toBe(0);
    edit(folder, 'dist/prod/identity.yaml', 'duration: 2160h0m0s', 'duration: 2161h0m0s');
    expect(diff(folder, 'old', 'dist', '--fail-on', 'weaker').code).toBe(1);
    expect(diff(folder, 'old', 'dist', '--fail-on', 'never')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('lifetime 90 days → 2161h0m0s (weaker)'),
    });
    expect(diff(folder, 'dist', 'old', '--fail-on', 'weaker')).toMatchObject({ code: 0, stdout: expect.stringContaining('(stronger)') });
  });

  test('json is one document with a schema version', () => {
    const { code, stdout } = diff(rendered(), 'dist/dev', 'dist/staging', '--format', 'json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      different: true,
      environments: [{ environment: 'dev → staging', change: 'changed' }],
    });
  });

  test.each([
    [[], 'diff takes two places, got 0'],
    [['dist'], 'diff takes two places, got 1'],
    [['dist', 'moon'], 'there is no folder or file moon'],
    [['dist', 'dist', '--format', 'xml'], 'format is "xml"'],
    [['dist', 'dist', '--fail-on', 'sometimes'], '--fail-on is "sometimes"'],
    [['dist', 'dist', '--env', 'moon'], 'there is no environment "moon"'],
    [['git:HEAD', 'dist'], '"git:HEAD" names no committed folder'],
    [['git:moon:dist', 'dist'], 'git knows no commit "moon"'],
    [['git:HEAD:moon', 'dist'], 'has no "moon"'],
    [['git:HEAD:../dist', 'dist'], '"../dist" leaves the repository'],
    [['git:HEAD:/etc', 'dist'], '"/etc" leaves the repository'],
    [['git:--output=pwned:dist', 'dist'], 'git knows no commit "--output=pwned"'],
    [['git:HEAD~1:dist', 'dist'], 'a shallow clone holds the newest commit alone'],
    [['.git', 'dist'], '.git holds no rendered manifests'],
  ])('%p is bad usage: %s', (args, text) => {
    const folder = shared();
    const result = diff(folder, ...args);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(text);
    expect(result.stderr).not.toMatch(/\n\s+at /);
  });

  test('names of files and texts of errors are nothing that a terminal or a runner would obey', () => {
    const folder = rendered();
    mkdirSync(join(folder, 'evil'));
    writeFileSync(join(folder, 'evil/x.yaml'), 'a: *\u001b[31mred\n');
    const unresolved = diff(folder, 'dist/dev', 'evil');
    expect(unresolved).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('evil/x.yaml:1 is not valid YAML') });
    expect(unresolved.stderr).not.toContain('\u001b');
    writeFileSync(join(folder, 'evil/x\n::error::y.yaml'), '');
    git(folder, 'init', '-q', '-b', 'main');
    git(folder, 'add', 'evil');
    git(folder, 'commit', '-q', '-m', 'evil');
    for (const place of ['evil', 'git:HEAD:evil']) {
      const { code, stderr } = diff(folder, 'dist', place);
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('expected names without control characters') });
      expect(stderr).not.toMatch(/^::/m);
    }
  });

  test('links are refused, on the disk and in a commit', () => {
    const folder = rendered();
    mkdirSync(join(folder, 'linked'));
    symlinkSync('/etc/hostname', join(folder, 'linked/x.yaml'));
    expect(diff(folder, 'dist', 'linked')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('x.yaml is a symbolic link'),
    });
    git(folder, 'init', '-q', '-b', 'main');
    git(folder, 'add', '.');
    git(folder, 'commit', '-q', '-m', 'linked');
    expect(diff(folder, 'git:HEAD:linked', 'dist')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('has a symbolic link at linked/x.yaml'),
    });
  });
});

let once: string | undefined;
/** One repository for those that only read. */
const shared = (): string => {
  once ??= committed();
  return once;
};
