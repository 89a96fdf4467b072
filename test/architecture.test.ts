import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

/** Rooms of lib/ and those that each may import from. Nothing imports upward. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  pki: ['objects'],
  fleet: ['pki'],
  adopt: ['fleet', 'pki', 'objects'],
  objects: [],
  constructs: ['fleet', 'pki'],
  check: ['fleet', 'pki', 'objects'],
  render: ['fleet', 'pki', 'objects', 'constructs', 'check'],
  cluster: ['pki', 'objects', 'check'],
  report: ['fleet', 'pki', 'objects', 'check', 'cluster'],
  cli: ['fleet', 'pki', 'objects', 'constructs', 'check', 'cluster', 'render', 'report', 'adopt'],
};

const LIB = join(__dirname, '..', 'lib');

interface Import {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

function importsOfLib(): Import[] {
  const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'));
  return files.flatMap(file => {
    const text = readFileSync(join(LIB, file), 'utf8');
    const targets = [...text.matchAll(/(?:from|import\(|require\()\s*'(\.[^']+)'/g)].map(match => match[1] ?? '');
    // the runtime library stands beside lib/, and imports nothing of it
    const inLib = targets.filter(target => !target.includes('/libs/sentinel-node/src/index.js'));
    return inLib.map(target => ({ file, from: room(file), to: room(relative(LIB, normalize(join(LIB, dirname(file), target)))) }));
  });
}

const room = (path: string): string => path.split('/')[0] ?? '';

const forbidden = (imports: readonly Import[]): string[] =>
  imports
    .filter(({ file, from, to }) => file !== 'index.ts' && from !== to && !(MAY_IMPORT[from] ?? []).includes(to))
    .map(({ file, to }) => `${file} imports from ${to}`);

test('imports go in one direction', () => {
  const imports = importsOfLib();
  expect(imports.length).toBeGreaterThan(100);
  expect(forbidden(imports)).toEqual([]);
});

test('an import in the wrong direction would be found', () => {
  expect(forbidden([{ file: 'pki/x.ts', from: 'pki', to: 'cli' }])).toEqual(['pki/x.ts imports from cli']);
});

test('only the proof imports the runtime library, by its public face, and the library imports nothing of lib/', () => {
  const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'));
  const importing = files.filter(file => /libs\/sentinel-node/.test(readFileSync(join(LIB, file), 'utf8')));
  expect(importing.length).toBeGreaterThan(0);
  expect(importing.filter(file => !file.startsWith('check/prove/'))).toEqual([]);
  const source = join(LIB, '../libs/sentinel-node/src');
  const outside = readdirSync(source).filter(file => /from '\.\.\//.test(readFileSync(join(source, file), 'utf8')));
  expect(outside).toEqual([]);
});

test('every room is known', () => {
  const rooms = readdirSync(LIB, { withFileTypes: true }).filter(entry => entry.isDirectory());
  expect(rooms.map(entry => entry.name).sort()).toEqual(Object.keys(MAY_IMPORT).sort());
});

test('cdk8s-plus-28 is imported for its types alone: loading it would double the start of every command', () => {
  const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'));
  const loading = files.filter(file => /import (?!type).*'cdk8s-plus-28'/.test(readFileSync(join(LIB, file), 'utf8')));
  expect(loading).toEqual([]);
});

test('libraries that only commands with a cluster need are loaded by import() alone: --help and synth must not wait for them', () => {
  const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'));
  const naming = files.filter(file => /'(?:@kubernetes\/client-node|age-encryption)'/.test(readFileSync(join(LIB, file), 'utf8')));
  expect(naming.sort()).toEqual(['cluster/backup/encryption.ts', 'cluster/read/connection.ts']);
  const loading = naming.filter(file =>
    /^import (?!type).*'(?:@kubernetes\/client-node|age-encryption)'|require\('(?:@kubernetes\/client-node|age-encryption)/m.test(
      readFileSync(join(LIB, file), 'utf8'),
    ),
  );
  expect(loading).toEqual([]);
});
