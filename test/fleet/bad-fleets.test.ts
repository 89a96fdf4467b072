import fs, { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { FleetError, loadFleet } from '../../lib/fleet/index.js';

const FOLDER = join(__dirname, '../fixtures/bad-fleets');
/** Set to write the texts anew; read every line of the difference before it is committed. */
const UPDATE = process.env.SENTINEL_UPDATE === '1';
const ALL = readdirSync(FOLDER)
  .filter(file => file.endsWith('.yaml'))
  .map(file => basename(file, '.yaml'))
  .sort();

const NAMES = ALL;

/** The text of the error that loading must end in, with the path shortened to the file's name. */
function errorOf(path: string): string {
  try {
    loadFleet(path);
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    return `${error.message.replaceAll(error.source, basename(path))}\n`;
  }
  throw new Error(`${path} was accepted`);
}

describe('the corpus of broken fleets', () => {
  test('holds at least 60 files, and every expected text has its input', () => {
    expect(NAMES.length).toBeGreaterThanOrEqual(60);
    const texts = readdirSync(FOLDER).filter(file => file.endsWith('.txt'));
    expect(texts.map(file => basename(file, '.txt')).sort()).toEqual(NAMES);
  });

  test.each(NAMES)('%s ends in exactly its text', name => {
    const expected = join(FOLDER, `${name}.txt`);
    const text = errorOf(join(FOLDER, `${name}.yaml`));
    if (UPDATE) writeFileSync(expected, text);
    expect(text).toBe(readFileSync(expected, 'utf8'));
  });

  test.each(NAMES)('%s shows a place in the file, one sentence a line, and nothing of our insides', name => {
    const lines = errorOf(join(FOLDER, `${name}.yaml`))
      .trimEnd()
      .split('\n');
    const rows = readFileSync(join(FOLDER, `${name}.yaml`), 'utf8').split('\n').length;
    const heads = lines.filter(line => !line.startsWith('  '));
    expect(heads.length).toBeGreaterThan(0);
    for (const head of heads) {
      const [, row, column, text = ''] = /^[^:]+\.yaml:(\d+):(\d+) (.*)$/.exec(head) ?? [];
      expect([head, Number(row) >= 1 && Number(row) <= rows && Number(column) >= 1]).toEqual([head, true]);
      // lower case, unless an acronym or a key comes first
      expect(text).toMatch(/^(?!(?:[A-Z][a-z]+|[AI]) ).*[^.]$/);
    }
    for (const line of lines) {
      expect(line).not.toMatch(/^\s+at .*:\d+:\d+|\.[jt]s:\d|node_modules|instancePath|undefined|\[object|NaN|must (be|have|match)/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would obey is what is looked for
      expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      expect(line.length).toBeLessThan(400);
    }
  });

  test('loading writes nothing', () => {
    const writers = ['writeFileSync', 'writeFile', 'mkdirSync', 'appendFileSync', 'createWriteStream', 'renameSync'] as const;
    const spies = writers.map(writer => jest.spyOn(fs, writer));
    const before = readdirSync(FOLDER);
    for (const name of NAMES) errorOf(join(FOLDER, `${name}.yaml`));
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    for (const spy of spies) spy.mockRestore();
    expect(readdirSync(FOLDER)).toEqual(before);
  });
});

describe('files that are no text', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bad-fleets-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const fileOf = (name: string, content: string | Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const valid =
    'fleet: shop\nnamespace: shop\ntrustDomain: shop.example\nenvironments:\n  dev: { authority: { selfSigned: {} } }\nservices:\n  api: { image: "a:1" }\n';

  test('a missing file says how to make one', () => {
    expect(errorOf(join(folder, 'missing.yaml'))).toMatchInlineSnapshot(`
"missing.yaml: no such file
  name the fleet file with -f FILE
"
`);
  });

  test('a directory says which file is meant', () => {
    const path = join(folder, 'directory');
    mkdirSync(path, { recursive: true });
    expect(errorOf(path)).toMatchInlineSnapshot(`
"directory: is a directory, expected a fleet file
  write directory/fleet.yaml
"
`);
  });

  test('Latin-1 is refused at the byte that gives it away', () => {
    expect(errorOf(fileOf('latin1.yaml', Buffer.from(valid.replace('shop.example', 'köln.example'), 'latin1')))).toMatchInlineSnapshot(`
"latin1.yaml:3:15 file is not UTF-8 text
  save it as UTF-8 and try again
"
`);
  });

  test('UTF-16 is refused', () => {
    expect(errorOf(fileOf('utf16.yaml', Buffer.from(`\ufeff${valid}`, 'utf16le')))).toMatchInlineSnapshot(`
"utf16.yaml:1:1 file is not UTF-8 text
  save it as UTF-8 and try again
"
`);
  });

  test('zero bytes are refused', () => {
    expect(errorOf(fileOf('zeros.yaml', `${valid}\u0000\u0000\u0000\n`))).toMatchInlineSnapshot(`
"zeros.yaml:1:144 is no valid YAML: null byte is not allowed in input
  check indentation, quotes and brackets here and on the line before
"
`);
  });

  test('100 MB are refused without being read', () => {
    const path = fileOf('large.yaml', valid);
    truncateSync(path, 100_000_000);
    const start = process.hrtime.bigint();
    expect(errorOf(path)).toMatchInlineSnapshot(`
"large.yaml: file has 100000000 bytes, at most 16777216 are read
  split the fleet, or look for data that does not belong here
"
`);
    expect(Number(process.hrtime.bigint() - start) / 1e6).toBeLessThan(1000);
  });

  test('a byte order mark and CRLF are no error', () => {
    expect(loadFleet(fileOf('bom.yaml', `\ufeff${valid}`)).fleet).toBe('shop');
    expect(loadFleet(fileOf('crlf.yaml', valid.replaceAll('\n', '\r\n'))).fleet).toBe('shop');
  });

  test('aliases that expand to a billion values end at once', () => {
    const start = process.hrtime.bigint();
    errorOf(join(FOLDER, '269-alias-bomb.yaml'));
    expect(Number(process.hrtime.bigint() - start) / 1e9).toBeLessThan(5);
  });
});
