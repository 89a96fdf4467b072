import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ObjectSet, ObjectsError, parseObjects, readObjects } from '../../lib/objects/index.js';

const TWO = `# generated
apiVersion: v1
kind: ConfigMap
metadata:
  name: a
  namespace: one
data:
  mode: on
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: b, namespace: two }
spec:
  dnsNames:
    - x
    - y
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'objects-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(path: string, text: string): string {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
  return file;
}

test('every document of a folder is read, with its file and line', () => {
  const file = write('sub/two.yaml', TWO);
  write('readme.md', 'no YAML');
  const objects = readObjects(folder);
  expect(objects.size).toBe(2);
  const certificate = objects.get('Certificate', 'two', 'b', 'cert-manager.io');
  expect(certificate && objects.sourceOf(certificate)).toEqual({ file, line: 10 });
  expect(certificate && objects.sourceOf(certificate, ['spec', 'dnsNames', 1])).toEqual({ file, line: 16 });
  expect(certificate && objects.sourceOf(certificate, ['spec', 'duration'])).toEqual({ file, line: 13 });
});

test('lookups tell kinds, groups and namespaces apart', () => {
  const objects = new ObjectSet(parseObjects(TWO, 'two.yaml'));
  expect(objects.get('ConfigMap', 'two', 'a')).toBeUndefined();
  expect(objects.get('ConfigMap', undefined, 'a')).toBeUndefined();
  expect(objects.ofKind('Certificate', 'other.io')).toEqual([]);
  expect(objects.ofKind('ConfigMap', '').map(({ metadata }) => metadata.name)).toEqual(['a']);
});

test('values are those that kubectl reads: YAML 1.1 booleans and octal numbers, no timestamps', () => {
  const text =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { a: on, b: 0400, c: "0400", d: 2026-01-01, e: 1_000, f: 0o17, g: 08, h: .5, i: ~ }\n';
  const [read] = parseObjects(text, 'a.yaml');
  expect(read?.object.data).toEqual({ a: true, b: 256, c: '0400', d: '2026-01-01', e: 1000, f: 15, g: 8, h: 0.5, i: null });
});

test('a List is its items, each at its own line', () => {
  const text = 'apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Secret\n    metadata: { name: s }\n';
  const [read] = parseObjects(text, 'list.yaml');
  expect([read?.object.kind, read?.source.line, read?.lineAt(['metadata', 'name'])]).toEqual(['Secret', 4, 6]);
});

test('Helm values, Kustomizations and the patches that they name are skipped, never silently', () => {
  write('values.yaml', 'replicas: 1\n');
  write('patches/kustomization.yaml', 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n  - path: web.yaml\n');
  write('patches/web.yaml', 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\n');
  const objects = readObjects(folder);
  expect(objects.size).toBe(0);
  expect(objects.skipped.map(({ file }) => file.slice(folder.length + 1))).toEqual([
    'patches/kustomization.yaml',
    'patches/web.yaml',
    'values.yaml',
  ]);
});

describe('errors name file and line', () => {
  const cases: [string, string, RegExp][] = [
    ['broken YAML', 'apiVersion: v1\nkind: [\n', /x\.yaml:\d+ is not valid YAML/],
    ['a duplicate key', 'apiVersion: v1\nkind: A\nkind: B\n', /x\.yaml:3 is not valid YAML: Map keys must be unique/],
    ['no kind', '---\nfoo: 1\n', /x\.yaml:2 has no apiVersion, expected a Kubernetes object/],
    ['no name', 'apiVersion: v1\nkind: A\n', /x\.yaml:1 has no metadata\.name/],
    ['a list', '- 1\n', /x\.yaml:1 is a list, expected a Kubernetes object/],
  ];
  test.each(cases)('%s', (_name, text, message) => {
    const file = write('x.yaml', text);
    expect(() => readObjects(file)).toThrow(message);
    expect(() => readObjects([file])).toThrow(ObjectsError);
  });

  test('a folder that does not exist', () => {
    expect(() => readObjects(join(folder, 'nowhere'))).toThrow(/nowhere:1 does not exist, expected a folder or a file/);
  });
});
