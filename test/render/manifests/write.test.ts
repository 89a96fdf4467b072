import fs, { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { checkOutput, GENERATED_LINE, OutputError, type RenderedFile, writeOutput } from '../../../lib/render/manifests/index.js';

let outdir: string;
beforeEach(() => {
  outdir = join(mkdtempSync(join(tmpdir(), 'write-output-')), 'dist');
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(dirname(outdir), { recursive: true });
});

const file = (path: string, ...chunks: string[]): RenderedFile => ({ path, chunks: chunks.map(chunk => Buffer.from(chunk)) });

/** Files of environments, each with its marker. */
const environment = (name: string, text: string): RenderedFile[] => [
  file(`${name}/policy.yaml`, 'kind: ', `${text}\n`),
  file(`${name}/kustomization.yaml`, `${GENERATED_LINE}\nresources: []\n`),
];

function* failing(files: RenderedFile[]): Iterable<RenderedFile> {
  yield* files;
  throw new Error('the disk is full');
}

/** Everything below the folder: path → text. */
function tree(folder: string, prefix = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(join(folder, prefix), { withFileTypes: true })) {
    const path = join(prefix, entry.name);
    if (entry.isDirectory()) Object.assign(found, tree(folder, path));
    else found[path] = entry.isSymbolicLink() ? 'link' : readFileSync(join(folder, path), 'utf8');
  }
  return found;
}

const codeOf = (action: () => unknown): string => {
  try {
    action();
    return 'nothing thrown';
  } catch (error) {
    return error instanceof OutputError ? error.code : String(error);
  }
};

describe('writeOutput', () => {
  test('makes the folder, and replaces each environment as a whole', () => {
    writeOutput(outdir, [...environment('prod', 'one'), file('prod/old/gone.yaml', 'a')]);
    const result = writeOutput(outdir, [...environment('prod', 'two'), ...environment('dev', 'three')]);
    expect(result).toEqual({ environments: ['prod', 'dev'], removed: [] });
    expect(Object.keys(tree(outdir)).sort()).toEqual([
      'dev/kustomization.yaml',
      'dev/policy.yaml',
      'prod/kustomization.yaml',
      'prod/policy.yaml',
    ]);
    expect(readFileSync(join(outdir, 'prod/policy.yaml'), 'utf8')).toBe('kind: two\n');
  });

  test('removes environments of ours that are declared no longer, and nothing else', () => {
    writeOutput(outdir, [...environment('prod', 'one'), ...environment('old', 'one')]);
    mkdirSync(join(outdir, 'notes'));
    writeFileSync(join(outdir, 'README.md'), 'mine');
    expect(writeOutput(outdir, environment('prod', 'two')).removed).toEqual(['old']);
    expect(readdirSync(outdir).sort()).toEqual(['README.md', 'notes', 'prod']);
  });

  test('writes only the environments that were asked for', () => {
    const all = (text: string): RenderedFile[] => [...environment('prod', text), ...environment('dev', text)];
    writeOutput(outdir, [...all('one'), ...environment('old', 'one')]);
    expect(writeOutput(outdir, all('two'), { environments: ['dev'] })).toEqual({ environments: ['dev'], removed: [] });
    expect(tree(outdir)).toMatchObject({
      'prod/policy.yaml': 'kind: one\n',
      'dev/policy.yaml': 'kind: two\n',
      'old/policy.yaml': 'kind: one\n',
    });
    expect(codeOf(() => writeOutput(outdir, all('two'), { environments: ['stage'] }))).toBe('OUTPUT_ENVIRONMENT');
  });

  test('leaves the old output whole when rendering fails', () => {
    writeOutput(outdir, environment('prod', 'one'));
    const before = tree(outdir);
    expect(() => writeOutput(outdir, failing(environment('prod', 'two')))).toThrow('the disk is full');
    expect(tree(outdir)).toEqual(before);
  });

  test('leaves no trace when the first run fails', () => {
    expect(() => writeOutput(join(outdir, 'deep'), failing(environment('prod', 'one')))).toThrow('the disk is full');
    expect(existsSync(outdir)).toBe(false);
  });

  test.each([1, 2, 3, 4])('puts everything back when renaming fails at step %i', step => {
    writeOutput(outdir, [...environment('prod', 'one'), ...environment('dev', 'one')]);
    const before = tree(outdir);
    const rename = fs.renameSync;
    let calls = 0;
    jest.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
      calls++;
      if (calls === step) throw new Error('renaming failed');
      rename(from, to);
    });
    expect(() => writeOutput(outdir, [...environment('prod', 'two'), ...environment('dev', 'two')])).toThrow('renaming failed');
    expect(tree(outdir)).toEqual(before);
  });

  test('keeps the old output aside when it can not be put back, and says where', () => {
    writeOutput(outdir, environment('prod', 'one'));
    const rename = fs.renameSync;
    let calls = 0;
    jest.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
      calls++;
      if (calls > 1) throw new Error('renaming failed');
      rename(from, to);
    });
    expect(codeOf(() => writeOutput(outdir, environment('prod', 'two')))).toBe('OUTPUT_ROLLBACK');
    expect(
      Object.entries(tree(outdir)).filter(([path, text]) => path.endsWith('old/prod/policy.yaml') && text === 'kind: one\n'),
    ).toHaveLength(1);
    // whose owner is known, that is removed once the owner has died
    expect(Object.keys(tree(outdir)).filter(path => path.endsWith('owner.json'))).toEqual([]);
  });

  test('refuses a folder that it did not write, and loses nothing', () => {
    mkdirSync(join(outdir, 'prod'), { recursive: true });
    writeFileSync(join(outdir, 'prod/kustomization.yaml'), 'resources: []\n');
    const before = tree(outdir);
    expect(codeOf(() => writeOutput(outdir, environment('prod', 'one')))).toBe('OUTPUT_FOREIGN');
    expect(tree(outdir)).toEqual(before);
  });

  test('refuses links, and never writes or deletes behind them', () => {
    const elsewhere = join(dirname(outdir), 'elsewhere');
    writeOutput(elsewhere, environment('prod', 'one'));
    const before = tree(elsewhere);
    mkdirSync(outdir);
    symlinkSync(join(elsewhere, 'prod'), join(outdir, 'prod'));
    expect(codeOf(() => writeOutput(outdir, environment('prod', 'two')))).toBe('OUTPUT_FOREIGN');
    // a linked environment that is declared no longer is not ours to remove
    writeOutput(outdir, environment('dev', 'two'));
    // a link inside of a folder of ours goes with the folder, its target stays
    symlinkSync(join(elsewhere, 'prod'), join(outdir, 'dev/link'));
    writeOutput(outdir, environment('dev', 'three'));
    expect(tree(elsewhere)).toEqual(before);
    expect(Object.keys(tree(outdir)).sort()).toEqual(['dev/kustomization.yaml', 'dev/policy.yaml', 'prod']);
  });

  test.each(['../x.yaml', '/x.yaml', 'prod/../../x.yaml', 'prod//x.yaml', 'prod\\x.yaml', 'prod/./x.yaml', ''])(
    'refuses the path %j',
    path => {
      expect(codeOf(() => writeOutput(outdir, [...environment('prod', 'one'), file(path, 'a')]))).toBe('OUTPUT_PATH');
      expect(codeOf(() => checkOutput(outdir, [file(path, 'a')]))).toBe('OUTPUT_PATH');
      expect(existsSync(outdir)).toBe(false);
    },
  );

  test('refuses an environment that the next run could not recognise', () => {
    expect(codeOf(() => writeOutput(outdir, [file('prod/policy.yaml', 'a')]))).toBe('OUTPUT_UNMARKED');
  });

  test('writes files beside the environments', () => {
    writeOutput(outdir, [file('app.yaml', 'one')]);
    writeOutput(outdir, [file('app.yaml', 'two')]);
    expect(tree(outdir)).toEqual({ 'app.yaml': 'two' });
  });
});

describe('checkOutput', () => {
  const expected = (): RenderedFile[] => environment('prod', 'one\nfield: é');

  test('finds nothing in what was just written', () => {
    writeOutput(outdir, expected());
    expect(checkOutput(outdir, expected())).toEqual([]);
  });

  test('finds everything missing where there is no folder, and makes none', () => {
    expect(checkOutput(outdir, expected())).toEqual([
      { path: 'prod/kustomization.yaml', difference: 'missing' },
      { path: 'prod/policy.yaml', difference: 'missing' },
    ]);
    expect(existsSync(outdir)).toBe(false);
  });

  test.each([
    ['kind: one\nfield: è\n', 2],
    ['kind: two\nfield: é\n', 1],
    ['kind: one\n', 2],
    ['kind: one\nfield: é\nmore', 3],
    ['', 1],
  ])('names the first line that differs of %j: %i', (text, line) => {
    writeOutput(outdir, expected());
    writeFileSync(join(outdir, 'prod/policy.yaml'), text);
    expect(checkOutput(outdir, expected())).toEqual([{ path: 'prod/policy.yaml', difference: 'different', line }]);
  });

  test('finds files and environments that are no part of the output, but leaves other people alone', () => {
    writeOutput(outdir, [...expected(), ...environment('old', 'one')]);
    writeFileSync(join(outdir, 'prod/extra.yaml'), '');
    mkdirSync(join(outdir, 'notes'));
    writeFileSync(join(outdir, 'notes/mine.txt'), '');
    expect(checkOutput(outdir, expected())).toEqual([
      { path: 'old/kustomization.yaml', difference: 'unexpected' },
      { path: 'old/policy.yaml', difference: 'unexpected' },
      { path: 'prod/extra.yaml', difference: 'unexpected' },
    ]);
    expect(checkOutput(outdir, expected(), { environments: ['prod'] })).toEqual([{ path: 'prod/extra.yaml', difference: 'unexpected' }]);
  });

  test('takes a linked folder or file for none of ours', () => {
    const elsewhere = join(dirname(outdir), 'elsewhere');
    writeOutput(elsewhere, expected());
    mkdirSync(outdir);
    symlinkSync(join(elsewhere, 'prod'), join(outdir, 'prod'));
    expect(checkOutput(outdir, expected()).map(found => found.difference)).toEqual(['missing', 'missing']);
  });
});
