import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parseDocument } from 'yaml';
import { FleetError } from '../../lib/fleet/index.js';
import { parseFleetText } from '../../lib/fleet/read.js';

const ROOT = join(__dirname, '../..');
const yamlIn = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('fleet.yaml') || folder.includes('fixtures'))
    .filter(file => file.endsWith('.yaml') && !file.includes('node_modules') && !file.includes('dist/'))
    .map(file => join(ROOT, folder, file));

/** Nothing at all, and keys that are no text: the schema refuses what either library makes of them. */
const NO_FLEETS = ['252-empty-file.yaml', '282-list-as-a-key.yaml'];

/** What js-yaml reads of a text, or undefined when it refuses it. */
function read(text: string): { readonly data: unknown } | undefined {
  try {
    return { data: parseFleetText(text, 'fleet.yaml') };
  } catch (error) {
    if (error instanceof FleetError) return undefined;
    throw error;
  }
}

/** The same by the other library, which finds the positions of errors; undefined when it refuses the text. */
function readByYaml(text: string): { readonly data: unknown } | undefined {
  const document = parseDocument(text, { schema: 'core', version: '1.2', logLevel: 'silent' });
  if (document.errors.length > 0) return undefined;
  return { data: document.toJS({ maxAliasCount: 10_000 }) };
}

describe('the two YAML libraries', () => {
  test('read the same from every fleet and every broken fleet that both accept', () => {
    const different: string[] = [];
    let compared = 0;
    for (const path of [join(ROOT, 'fleet.yaml'), ...yamlIn('examples'), ...yamlIn('test/fixtures/bad-fleets')]) {
      const text = readFileSync(path, 'utf8');
      const ours = read(text);
      // a text that the first refuses may hold a loop, which the second would follow for ever
      const theirs = ours === undefined ? undefined : readByYaml(text);
      if (ours === undefined || theirs === undefined) continue;
      compared++;
      if (!isDeepStrictEqual(ours.data, theirs.data)) different.push(basename(path));
    }
    expect(compared).toBeGreaterThan(200);
    expect(different).toEqual(NO_FLEETS);
  });

  test.each([
    ['a mapping', 'a: 1\nb: [x, "y"]\n'],
    ['words that YAML 1.1 takes for booleans', 'a: yes\nb: no\nc: on\nd: off\ne: y\n'],
    ['numbers', 'a: 0o17\nb: 0x1F\nc: 1e3\nd: 017\ne: 1.10\nf: .5\n'],
    ['a date, which is text', 'a: 2026-11-24\n'],
    ['block scalars', 'a: |\n  one\n  two\nb: >\n  one\n  two\n'],
    ['a merge key, which is a key', 'a: &x { b: 1 }\nc:\n  "<<": z\n'],
  ])('agree on %s', (_, text) => expect(read(text)).toEqual(readByYaml(text)));
});
