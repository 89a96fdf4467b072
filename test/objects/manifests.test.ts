import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ReadObject, readManifests } from '../../lib/objects/index.js';
import { helm } from '../_helm.js';
import { kubectl } from '../_kubectl.js';

const FOREIGN = join(__dirname, '../fixtures/foreign');
const GOOD = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: good\n';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'manifests-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(path: string, content: string | Uint8Array): string {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, content);
  return file;
}

const names = (entries: readonly ReadObject[]): string[] => entries.map(({ object }) => `${object.kind} ${object.metadata.name}`);
const problems = (paths: readonly string[]): string[] =>
  readManifests(paths).unreadable.map(({ source, problem }) => `${source.file.slice(folder.length + 1)}:${source.line} ${problem}`);

test('a broken document is told with its line, and the others of its file are read', () => {
  const file = write('a.yaml', `${GOOD}---\nkind: [\n---\nno: object\n---\n${GOOD.replace('good', 'other')}`);
  const { objects, unreadable } = readManifests([file]);
  expect(names(objects.entries())).toEqual(['ConfigMap good', 'ConfigMap other']);
  expect(unreadable.map(({ source }) => source.line)).toEqual([6, 8]);
});

test('line and column of every field, in block, flow, lists and JSON', () => {
  const file = write('a.yaml', `---\n# head\n${GOOD}data: { x: "1",  yy: two }\nlist:\n- a\n- key: v\n`);
  const [entry] = readManifests([file]).objects.entries();
  const at = (path: readonly (string | number)[]): string => {
    const { line, column, endColumn } = entry?.placeAt(path) ?? { line: 0, column: 0, endColumn: 0 };
    return `${line}:${column}-${endColumn}`;
  };
  expect(entry?.source.line).toBe(3);
  expect([at(['kind']), at(['metadata', 'name']), at(['data', 'yy']), at(['list', 0]), at(['list', 1, 'key'])]).toEqual([
    '4:1-5',
    '6:3-7',
    '7:18-20',
    '9:3-4',
    '10:3-6',
  ]);
  // what is not there has the place of what should hold it
  expect(at(['metadata', 'labels', 'x'])).toBe('5:1-9');
});

test('a JSON list whose items leave out what they are, indented by tabs', () => {
  const list = JSON.parse(readFileSync(join(FOREIGN, 'list.json'), 'utf8'));
  const [entry] = readManifests([write('list.json', JSON.stringify(list, undefined, '\t'))]).objects.entries();
  expect(entry?.object).toMatchObject({ apiVersion: 'cert-manager.io/v1', kind: 'Certificate' });
  expect(entry?.placeAt(['spec', 'secretName'])).toMatchObject({ line: 14, column: 5 });
});

test('document markers inside of block texts are those of YAML, and Windows line ends are kept apart from values', () => {
  const file = write(
    'a.yaml',
    `${GOOD}data:\n  text: |\n    --- no marker\n    # no comment\n---\n${GOOD.replace('good', 'b')}`.replaceAll('\n', '\r\n'),
  );
  const { objects, unreadable } = readManifests([file]);
  expect(unreadable).toEqual([]);
  expect(objects.entries().map(({ object }) => object.data)).toEqual([{ text: '--- no marker\n# no comment\n' }, undefined]);
  expect(objects.entries()[1]?.placeAt(['metadata', 'name'])).toMatchObject({ line: 13, column: 3 });
});

test('a folder: YAML and JSON, hidden folders and node_modules left out, other documents skipped', () => {
  write('b/x.yml', GOOD);
  write('a.json', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"json"}}');
  write('package.json', '{"name":"x"}');
  write('values.yaml', 'replicas: 1\n');
  write('.github/w.yaml', GOOD);
  write('node_modules/x/y.yaml', GOOD);
  const { objects, unreadable } = readManifests([folder]);
  expect(names(objects.entries())).toEqual(['ConfigMap json', 'ConfigMap good']);
  expect(unreadable).toEqual([]);
  expect(objects.skipped.map(({ file }) => file.slice(folder.length + 1))).toEqual(['package.json', 'values.yaml']);
});

test('a Kustomize folder is rendered, so that patches and namespace count', () => {
  process.env.SENTINEL_KUBECTL = kubectl();
  const { objects, unreadable } = readManifests([join(FOREIGN, 'overlay')]);
  delete process.env.SENTINEL_KUBECTL;
  expect(unreadable).toEqual([]);
  const [entry] = objects.entries();
  expect(entry?.object).toMatchObject({ metadata: { namespace: 'shop' }, spec: { privateKey: { rotationPolicy: 'Never' } } });
  expect(entry?.source.file).toMatch(/overlay \(kustomize\)$/);
});

test('a Kustomization that fetches from elsewhere is refused before anything runs', () => {
  write('k/kustomization.yaml', 'resources:\n  - ./base\n');
  write('k/base/kustomization.yaml', 'resources:\n  - https://example.com/x.yaml\n');
  process.env.SENTINEL_KUBECTL = '/nowhere/kubectl';
  const found = problems([join(folder, 'k')]);
  delete process.env.SENTINEL_KUBECTL;
  expect(found).toEqual([
    'k/base/kustomization.yaml:1 names something to be fetched from elsewhere: render it yourself and pipe it to "-"',
  ]);
});

const program = helm();
(program === undefined ? test.skip : test)('a chart is rendered, also one inside of a folder, and named by its templates', () => {
  if (program !== undefined) process.env.SENTINEL_HELM = program;
  const { objects, unreadable } = readManifests([join(FOREIGN, 'chart')]);
  expect(unreadable).toEqual([]);
  expect(objects.entries().map(({ source }) => source.file.replace(/.*foreign\//, ''))).toEqual([
    'chart/templates/certificate.yaml (rendered)',
  ]);
  write('x/Chart.yaml', 'apiVersion: v2\nname: x\nversion: 0.1.0\n');
  write('x/templates/a.yaml', `${GOOD}data: {number: "{{ .Values.number }}"}\n`);
  write('y.yaml', GOOD);
  const values = write('v.txt', 'number: seven\n');
  expect(
    readManifests([folder], { values: [values] })
      .objects.entries()
      .map(({ object }) => object.data),
  ).toEqual([undefined, { number: 'seven' }]);
});

test('a folder whose name looks like an option is handed over as a path', () => {
  const helmStandIn = write(
    'print-arguments',
    '#!/bin/sh\nfor word in "$@"; do echo "# $word"; done\necho "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}"\n',
  );
  chmodSync(helmStandIn, 0o755);
  write('in/--post-renderer=x/Chart.yaml', 'apiVersion: v2\nname: x\nversion: 0.1.0\n');
  const before = [process.cwd(), process.env.SENTINEL_HELM] as const;
  process.chdir(join(folder, 'in'));
  process.env.SENTINEL_HELM = helmStandIn;
  const { files } = readManifests(['.']);
  process.chdir(before[0]);
  if (before[1] === undefined) delete process.env.SENTINEL_HELM;
  else process.env.SENTINEL_HELM = before[1];
  expect(files.map(({ text }) => text.split('\n')[2])).toEqual([expect.stringMatching(/^# \/.*\/in\/--post-renderer=x$/)]);
});

test('without Helm a chart is told as not checked', () => {
  const before = process.env.SENTINEL_HELM;
  process.env.SENTINEL_HELM = '/nowhere/helm';
  const { objects, unreadable } = readManifests([join(FOREIGN, 'chart')]);
  if (before === undefined) delete process.env.SENTINEL_HELM;
  else process.env.SENTINEL_HELM = before;
  expect(objects.size).toBe(0);
  expect(unreadable[0]?.problem).toMatch(/^needs helm, which is not there: install Helm/);
});

describe('hostile input ends in an error with a place, and never in a hang or in reading elsewhere', () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh'].map((key, index) => `${key}: &${key} [${Array(10).fill(`*${'abcdefg'[index]}`).join(',')}]`).join('\n')}\n`;
  const cases: [string, string | Uint8Array, RegExp][] = [
    ['aliases of aliases', bomb, /expands to more than \d+ values/],
    ['an anchor that contains itself', 'a: &a\n  b: *a\n', /nested too deeply|unidentified alias/],
    ['deep nesting', `${'['.repeat(100_000)}`, /nest/],
    ['bytes that are not UTF-8', new Uint8Array([0x61, 0x3a, 0x0a, 0xff, 0xfe]), /^x\.yaml:2 is not UTF-8 text/],
    ['UTF-16', new Uint8Array([0xff, 0xfe, 0x61, 0x00]), /is not UTF-8 text/],
    ['a null byte', 'a: "\u0000"\n', /null byte/],
    ['a tag that makes a function', 'a: !!js/function "function(){}"\n', /unknown tag/],
    ['a prototype', '__proto__: { polluted: 1 }\napiVersion: v1\nkind: A\nmetadata: { name: a }\n', /__proto__/],
    ['template braces', 'name: {{ .Values.name }}\n', /template braces; name the folder of the chart/],
    ['a merge conflict', '<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> x\n', /merge conflict/],
    ['a tab as indent', 'a:\n\tb: 1\n', /a tab indents this line/],
    ['a key twice', 'a: 1\na: 2\n', /"a" stands twice/],
  ];
  test.each(cases)('%s', (_, content, expected) => {
    write('x.yaml', content);
    write('y.yaml', GOOD);
    const started = performance.now();
    expect(problems([folder]).join('\n')).toMatch(expected);
    expect(readManifests([folder]).objects.size).toBe(1);
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('links that leave the folder are not followed, links inside are read once', () => {
    write('in/a.yaml', GOOD);
    symlinkSync('/etc/passwd', join(folder, 'in', 'passwd.yaml'));
    symlinkSync('..', join(folder, 'in', 'up'));
    symlinkSync('a.yaml', join(folder, 'in', 'b.yaml'));
    const { objects, unreadable } = readManifests([join(folder, 'in')]);
    expect(unreadable.map(({ problem }) => problem)).toEqual(['was not opened: it leads out of the folder, or is no regular file']);
    expect(objects.size).toBe(2);
  });

  test('a pipe is not waited for', () => {
    expect(spawnSync('mkfifo', [join(folder, 'pipe.yaml')]).status).toBe(0);
    expect(problems([folder])).toEqual(['pipe.yaml:1 was not opened: it leads out of the folder, or is no regular file']);
    expect(problems([join(folder, 'pipe.yaml')])).toEqual(['pipe.yaml:1 is no regular file']);
  });

  test('a path that does not exist is an error at once', () => {
    expect(() => readManifests([join(folder, 'nowhere')])).toThrow(/nowhere:1 does not exist, expected a file or a folder of manifests/);
  });
});
