import fc from 'fast-check';
import { lintObjects, RULES } from '../../../lib/check/lint/index.js';
import { isRecord, type KubernetesObject, ObjectSet, parseObjects } from '../../../lib/objects/index.js';
import { SEED } from '../../_seed.js';

const EXAMPLES = RULES.filter(({ code }) => code !== 'SMT-X001' && code !== 'SMT-C031').flatMap(({ code, bad, good }) =>
  [bad, good].map(text => parseObjects(text, `${code}.yaml`).map(({ object }) => object)),
);
const ODD: readonly unknown[] = [
  null,
  '',
  'x',
  '*',
  -1,
  0,
  1e20,
  Number.NaN,
  true,
  [],
  {},
  [null],
  [[]],
  [{}],
  { a: null },
  '-----BEGIN CERTIFICATE-----',
  '0.0.0.0/99',
  '://',
  '(',
];

/** Every path of a value, parents first. */
function pathsOf(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  const children = Array.isArray(value) ? value.map((item, index) => [index, item] as const) : isRecord(value) ? Object.entries(value) : [];
  return [path, ...children.flatMap(([key, item]) => pathsOf(item, [...path, key]))];
}

function withValue(object: unknown, [key, ...rest]: readonly (string | number)[], value: unknown): unknown {
  if (key === undefined) return value;
  if (Array.isArray(object)) return object.map((item, index) => (index === key ? withValue(item, rest, value) : item));
  return { ...(object as object), [key]: withValue((object as Record<string, unknown>)[key], rest, value) };
}

/** A reader refuses what has no kind or name, so those stay. */
const isFree = (path: readonly (string | number)[]): boolean =>
  path.length > 0 &&
  !['apiVersion', 'kind'].includes(String(path[0])) &&
  path.join('.') !== 'metadata' &&
  !/^metadata\.(name|namespace)$/.test(path.join('.'));

test('no rule fails on an object whose fields have other types than they should', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), fc.nat(), (which, target, field, odd) => {
      const objects = EXAMPLES[which % EXAMPLES.length] ?? [];
      const object = objects[target % objects.length];
      const paths = pathsOf(object).filter(isFree);
      const path = paths[field % paths.length];
      if (!object || !path) return;
      const mutant = withValue(object, path, ODD[odd % ODD.length]) as KubernetesObject;
      const set = ObjectSet.from(objects.map(each => (each === object ? mutant : each)));
      for (const { message, line } of lintObjects(set, {
        persona: 'auditor',
        date: '2026-11-24',
        profile: 'cnsa2',
        certManager: '1.18',
        kubernetes: '1.30',
      })) {
        expect(typeof message).toBe('string');
        expect(line).toBeGreaterThan(0);
      }
    }),
    { seed: SEED, numRuns: 2000 },
  );
});
