import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SentinelCoreValues } from '../../charts/sentinel-core/values.js';
import { cli, ROOT } from './_cli.js';

const folder = join(mkdtempSync(join(tmpdir(), 'sentinel-mtls-charts-')), 'sentinel-core');
const FLEET = join(ROOT, 'fleet.yaml');
const chart = (...args: readonly string[]) => cli(['chart', '-f', FLEET, '-o', folder, ...args]);

const filesBelow = (below: string): string[] =>
  readdirSync(below, { recursive: true, encoding: 'utf8' })
    .filter(path => statSync(join(below, path)).isFile())
    .sort();

beforeAll(() => {
  expect(chart()).toMatchObject({ code: 0, stdout: `${folder}: chart sentinel-core 0.1.0 written, 25 files\n` });
});

test('charts/sentinel-core is current', () => {
  expect(cli(['chart', '--check'])).toMatchObject({ code: 0, stdout: 'charts/sentinel-core is current\n' });
});

test('the same bytes come out again', () => {
  const before = filesBelow(folder).map(path => readFileSync(join(folder, path), 'utf8'));
  expect(chart().code).toBe(0);
  expect(filesBelow(folder).map(path => readFileSync(join(folder, path), 'utf8'))).toEqual(before);
});

test('--check names the file and line of a hand edit in any file, and writes nothing', () => {
  for (const path of [
    'Chart.yaml',
    'values.yaml',
    'values.schema.json',
    'README.md',
    'templates/_helpers.tpl',
    'templates/services/control-api.yaml',
    'ci/dev-values.yaml',
    '.helmignore',
    'values.d.ts',
    'templates/NOTES.txt',
  ]) {
    const file = join(folder, path);
    const text = readFileSync(file, 'utf8');
    const lines = text.split('\n');
    const at = Math.floor(lines.length / 2);
    writeFileSync(file, lines.map((line, index) => (index === at ? `${line} ` : line)).join('\n'));
    const { code, stdout, stderr } = chart('--check');
    expect([path, code, stdout]).toEqual([path, 1, `${folder}/${path}:${at + 1} is different\n`]);
    expect(stderr).toContain('run sentinel-mtls chart and commit the result');
    writeFileSync(file, text);
  }
  expect(chart('--check').code).toBe(0);
});

test('--check finds one changed byte in every file of the chart', () => {
  const files = filesBelow(folder);
  for (const path of files) writeFileSync(join(folder, path), `${readFileSync(join(folder, path), 'utf8')}\n`);
  const { code, stdout } = chart('--check');
  expect(code).toBe(1);
  expect(stdout.trim().split('\n')).toHaveLength(files.length);
  expect(chart().code).toBe(0);
});

test('--check finds a file that is gone and one that is not of the chart', () => {
  renameSync(join(folder, 'templates', 'trust.yaml'), join(folder, 'templates', 'mine.yaml'));
  expect(chart('--check').stdout).toBe(`${folder}/templates/mine.yaml is unexpected\n${folder}/templates/trust.yaml is missing\n`);
  expect(chart().code).toBe(0);
});

test('a folder that somebody else wrote is refused, and stays', () => {
  const parent = mkdtempSync(join(tmpdir(), 'sentinel-mtls-foreign-'));
  mkdirSync(join(parent, 'own'));
  writeFileSync(join(parent, 'own', 'Chart.yaml'), 'name: own\n');
  symlinkSync(folder, join(parent, 'link'));
  for (const name of ['own', 'link']) {
    const { code, stderr } = cli(['chart', '-f', FLEET, '-o', join(parent, name)]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/was not written by sentinel-mtls|is a symbolic link/);
  }
  expect(readFileSync(join(parent, 'own', 'Chart.yaml'), 'utf8')).toBe('name: own\n');
  expect(readdirSync(parent).sort()).toEqual(['link', 'own']);
  rmSync(parent, { recursive: true });
});

test('a broken fleet writes nothing', () => {
  const parent = mkdtempSync(join(tmpdir(), 'sentinel-mtls-broken-'));
  writeFileSync(join(parent, 'fleet.yaml'), 'fleet: x\nservice: {}\n');
  expect(cli(['chart', '-f', join(parent, 'fleet.yaml'), '-o', join(parent, 'x')]).code).toBe(2);
  expect(readdirSync(parent)).toEqual(['fleet.yaml']);
});

describe('services by whose names values.yaml would have one block twice', () => {
  const written = (...services: readonly string[]) => {
    const parent = mkdtempSync(join(tmpdir(), 'sentinel-mtls-blocks-'));
    const fleet = join(parent, 'fleet.yaml');
    const lines = services.map(name => `  ${name}: { image: "a:1" }\n`).join('');
    writeFileSync(
      fleet,
      `fleet: x\nnamespace: x\ntrustDomain: x.example\nenvironments: { dev: { authority: { selfSigned: {} } } }\nservices:\n${lines}`,
    );
    const run = cli(['chart', '-f', fleet, '-o', join(parent, 'x')]);
    return { ...run, files: readdirSync(parent), values: run.code === 0 ? readFileSync(join(parent, 'x', 'values.yaml'), 'utf8') : '' };
  };

  test('are refused with what to do, and nothing is written', () => {
    const { code, stderr, files } = written('a-1', 'a1');
    expect(code).toBe(2);
    expect(stderr).toBe(
      'services "a-1" and "a1" would both be the block "a1" of values.yaml\n' +
        '  a chart needs names that differ in more than their dashes: rename one of them in the fleet\n',
    );
    expect(files).toEqual(['fleet.yaml']);
  });

  test('get a block of their own beside those of the chart', () => {
    const { code, values } = written('global', 'monitoring', 'enabled', 'extra-objects');
    expect(code).toBe(0);
    for (const block of ['globalService', 'monitoringService', 'enabledService', 'extraObjectsService'])
      expect(values).toContain(`\n${block}:\n`);
  });
});

test('a reader that stops early sees no fault of ours', () => {
  const program = join(ROOT, 'build', 'lib', 'cli', 'main.js');
  const missing = join(tmpdir(), 'sentinel-mtls-not-there');
  const { stderr } = spawnSync('sh', ['-c', `"${process.execPath}" "${program}" chart -f "${FLEET}" -o "${missing}" --check | true`], {
    encoding: 'utf8',
  });
  expect(stderr).not.toMatch(/EPIPE|\bat /);
});

test('a name that Helm does not take is refused', () => {
  expect(cli(['chart', '-f', FLEET, '-o', join(tmpdir(), 'My_Chart')])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('"My_Chart" is no name of a chart') as string,
  });
});

test('the type of the values knows what the chart takes', () => {
  const values: SentinelCoreValues = {
    environment: 'prod',
    global: { mtls: { enabled: true, mode: 'permissive' } },
    controlApi: { replicaCount: 2, image: { tag: '1' }, nodeSelector: { disk: 'ssd' } },
  };
  // @ts-expect-error there is no such mode
  const wrong: SentinelCoreValues = { global: { mtls: { mode: 'lenient' } } };
  expect([values, wrong]).toHaveLength(2);
});
