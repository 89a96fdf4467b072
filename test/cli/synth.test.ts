import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubectl } from '../_kubectl.js';
import { cli, ROOT, workspace } from './_cli.js';

function tree(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile());
  return new Map(
    files
      .map(
        file =>
          [join(file.parentPath, file.name).slice(folder.length + 1), readFileSync(join(file.parentPath, file.name), 'utf8')] as const,
      )
      .sort(),
  );
}

describe('sentinel-mtls synth', () => {
  test('dist/ is what the fleet gives', () => {
    expect(cli(['synth', '--check'])).toEqual({ code: 0, stdout: 'dist is current: dev, staging, prod\n', stderr: '' });
  });

  test('gives the same bytes on every run, in any folder, time zone and locale', () => {
    const first = workspace();
    expect(cli(['synth'], first).code).toBe(0);
    const { status } = spawnSync(
      process.execPath,
      [join(ROOT, 'build/lib/cli/main.js'), 'synth', '-f', join(first, 'fleet.yaml'), '-o', join(first, 'other')],
      {
        cwd: '/',
        env: { ...process.env, TZ: 'Asia/Kathmandu', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8' },
      },
    );
    expect(status).toBe(0);
    expect(tree(join(first, 'other'))).toEqual(tree(join(first, 'dist')));
    expect(tree(join(first, 'dist'))).toEqual(tree(join(ROOT, 'dist')));
  });

  test('cdk8s synth gives the same bytes', () => {
    const folder = workspace();
    for (const name of ['cdk8s.yaml', 'package.json']) cpSync(join(ROOT, name), join(folder, name));
    for (const name of ['build', 'node_modules', 'schemas']) symlinkSync(join(ROOT, name), join(folder, name));
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(ROOT, 'node_modules/cdk8s-cli/bin/cdk8s'), 'synth', '--no-check-upgrade'],
      { cwd: folder, encoding: 'utf8' },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(tree(join(folder, 'dist'))).toEqual(tree(join(ROOT, 'dist')));
  });

  test('--check fails after one byte is changed, and says where', () => {
    const folder = workspace();
    cli(['synth'], folder);
    const file = join(folder, 'dist/staging/identity.yaml');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('2160h0m0s', '2161h0m0s'));
    const line = text.slice(0, text.indexOf('2160h0m0s')).split('\n').length;
    expect(cli(['synth', '--check'], folder)).toMatchObject({ code: 1, stdout: `dist/staging/identity.yaml:${line} is different\n` });
    writeFileSync(file, text);
    writeFileSync(join(folder, 'dist/dev/extra.yaml'), '');
    rmSync(join(folder, 'dist/prod/trust.yaml'));
    expect(cli(['synth', '--check'], folder)).toMatchObject({
      code: 1,
      stdout: 'dist/dev/extra.yaml is unexpected\ndist/prod/trust.yaml is missing\n',
    });
  });

  test('a bad fleet leaves the old output whole', () => {
    const folder = workspace();
    cli(['synth'], folder);
    const before = tree(join(folder, 'dist'));
    writeFileSync(
      join(folder, 'fleet.yaml'),
      readFileSync(join(folder, 'fleet.yaml'), 'utf8').replace('control-api:https, infra', 'control-api:htps, infra'),
    );
    const { code, stdout, stderr } = cli(['synth'], folder);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^fleet\.yaml:\d+:\d+ service "pipeline-controller" calls "control-api:htps", which has no such port\n {2}ports of control-api: https, health, metrics\n {2}write "control-api:https"\n/,
    );
    expect(tree(join(folder, 'dist'))).toEqual(before);
  });

  test('a folder that somebody else wrote is refused', () => {
    const folder = workspace();
    mkdirSync(join(folder, 'dist/dev'), { recursive: true });
    writeFileSync(join(folder, 'dist/dev/precious.txt'), 'mine');
    const { code, stderr } = cli(['synth'], folder);
    expect(code).toBe(2);
    expect(stderr).toContain('dist/dev');
    expect(readdirSync(join(folder, 'dist'))).toEqual(['dev']);
    expect(readFileSync(join(folder, 'dist/dev/precious.txt'), 'utf8')).toBe('mine');
  });

  test('the environments of another fleet in the same folder are neither replaced nor removed', () => {
    const folder = workspace();
    cli(['synth'], folder);
    const before = tree(join(folder, 'dist'));
    const text = readFileSync(join(folder, 'fleet.yaml'), 'utf8').replace('fleet: sentinel', 'fleet: other');
    writeFileSync(join(folder, 'other.yaml'), text);
    const { code, stderr } = cli(['synth', '-f', 'other.yaml'], folder);
    expect(code).toBe(2);
    expect(stderr).toBe('dist/dev was written for fleet "sentinel", not for "other"\n  choose another output folder with -o\n');
    expect(tree(join(folder, 'dist'))).toEqual(before);
    writeFileSync(join(folder, 'other.yaml'), text.replace(/^ {2}(dev|staging|prod):/gm, '  other-$1:'));
    expect(cli(['synth', '-f', 'other.yaml'], folder)).toMatchObject({ code: 0 });
    expect(readdirSync(join(folder, 'dist')).sort()).toEqual(['dev', 'other-dev', 'other-prod', 'other-staging', 'prod', 'staging']);
    expect(cli(['synth', '--check'], folder).code).toBe(0);
  });

  test('an output that is a file is refused', () => {
    const folder = workspace();
    writeFileSync(join(folder, 'taken'), 'mine');
    expect(cli(['synth', '-o', 'taken'], folder)).toMatchObject({
      code: 2,
      stderr: 'taken is a file, expected a folder\n  choose another output folder\n',
    });
  });

  test('--env writes one environment and leaves the others alone', () => {
    const folder = workspace();
    cli(['synth'], folder);
    rmSync(join(folder, 'dist/dev/trust.yaml'));
    expect(cli(['synth', '--env', 'prod'], folder)).toMatchObject({ code: 0, stdout: 'dist: prod written\n' });
    expect(existsSync(join(folder, 'dist/dev/trust.yaml'))).toBe(false);
  });

  test.each(['dev', 'staging', 'prod'])('Kustomize builds dist/%s, with every object of it', environment => {
    const { status, stdout, stderr } = spawnSync(kubectl(), ['kustomize', join(ROOT, 'dist', environment)], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const count = (text: string): number => text.match(/^kind: /gm)?.length ?? 0;
    const planes = [...tree(join(ROOT, 'dist', environment))].filter(
      ([path]) => /^[a-z]+\.yaml$/.test(path) && path !== 'kustomization.yaml',
    );
    expect(count(stdout)).toBe(planes.reduce((sum, [, text]) => sum + count(text), 0));
    expect(count(stdout)).toBeGreaterThan(30);
  });
});
