import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { dump } from 'js-yaml';
import { locateField } from '../../lib/objects/index.js';
import { contentLines, locateBlock } from '../../lib/objects/locate-block.js';
import { parseFile } from '../../lib/objects/parse-documents.js';
import { documentText, type SourceFile } from '../../lib/objects/source-document.js';
import { readSourceFile } from '../../lib/objects/text-file.js';
import { SEED } from '../_seed.js';

const ROOT = join(__dirname, '../..');

function pathsOf(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  const children =
    typeof value !== 'object' || value === null
      ? []
      : Object.entries(value).map(([key, item]) => [Array.isArray(value) ? Number(key) : key, item] as const);
  return [path, [...path, 'no such key'], ...children.flatMap(([key, item]) => pathsOf(item, [...path, key]))];
}

/** Compares both ways of finding for every path of a file; how many the quick one answered, of how many. */
function compare(file: SourceFile): readonly [answered: number, all: number] {
  let answered = 0;
  let all = 0;
  for (const { value, document, prefix } of parseFile(file, () => undefined)) {
    const lines = contentLines(documentText(document));
    for (const path of pathsOf(value)) {
      const whole = [...prefix, ...path];
      if (whole.length === 0) continue;
      all++;
      const quick = locateBlock(lines, whole);
      if (!quick) continue;
      answered++;
      const { key, depth } = locateField(document, whole);
      const exact = { start: key[0] - document.start, depth };
      if (quick.start !== exact.start || quick.depth !== exact.depth)
        throw new Error(
          `${file.name}:${document.line} ${whole.join('.')}: by indents ${JSON.stringify(quick)}, by the parser ${JSON.stringify(exact)}`,
        );
    }
  }
  return [answered, all];
}

const FILES = ['dist/dev', 'dist/prod', 'test/fixtures/foreign', 'test/fixtures/charts'].flatMap(folder =>
  readdirSync(join(ROOT, folder))
    .filter(file => /\.ya?ml$/.test(file))
    .map(file => join(folder, file)),
);

test.each(FILES)('%s: every field is found by indents where the parser finds it', file => {
  compare(readSourceFile(join(ROOT, file)));
});

test('nine fields of ten are answered without the parser, the others are in flow style', () => {
  const counts = FILES.filter(file => /dist|charts/.test(file)).map(file => compare(readSourceFile(join(ROOT, file))));
  const [answered, all] = counts.reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]);
  expect(answered / all).toBeGreaterThan(0.9);
});

test('texts of any kind between the keys do not mislead it', () => {
  const key = fc.oneof(
    fc.constantFrom('a', 'name', 'a b', 'x: y', '- a', '#c', 'app.kubernetes.io/name', "it's", '"q"', ''),
    fc.string({ maxLength: 6 }),
  );
  const leaf = fc.oneof(
    fc.constantFrom('a: b', '- a\n- b', 'a:\n  b: 1\n', '# c\n\n  d', '', 'x\ny', '---'),
    fc.string({ maxLength: 20 }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
  );
  const { value } = fc.letrec(tie => ({
    value: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(key, tie('value'), { maxKeys: 4 })),
  }));
  let answered = 0;
  fc.assert(
    fc.property(
      fc.dictionary(key, value, { minKeys: 1, maxKeys: 4 }),
      fc.boolean(),
      fc.constantFrom(2, 4),
      fc.constantFrom(-1, 3),
      (object, noArrayIndent, indent, flowLevel) => {
        const text = dump(object, { noArrayIndent, indent, flowLevel, lineWidth: 20 });
        answered += compare({ name: 'random.yaml', text })[0];
      },
    ),
    { seed: SEED, numRuns: 1500 },
  );
  expect(answered).toBeGreaterThan(2000);
});
