import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { lintObjects, RULES, type Rule } from '../../../lib/check/lint/index.js';
import { ObjectSet, parseObjects } from '../../../lib/objects/index.js';

const lint = (rule: Rule, text: string) =>
  lintObjects(new ObjectSet(parseObjects(text, `${rule.code}.yaml`)), {
    date: '2026-11-24',
    persona: 'auditor',
    only: [rule.code],
    ...rule.example,
  });

/** Rules of the linter itself: what they find is no object, see reading.test.ts and suppressions.test.ts. */
const judged = RULES.filter(({ code }) => !code.startsWith('SMT-X') && code !== 'SMT-C037');

test.each(judged.map(rule => [rule.code, rule] as const))('%s finds its bad example, with a place in it', (_, rule) => {
  const [first] = lint(rule, rule.bad);
  expect(first).toMatchObject({ code: rule.code, name: rule.name, file: `${rule.code}.yaml` });
  expect(first?.line).toBeGreaterThan(1);
  expect(first?.message).toMatch(/^[^A-Z].*[^.]$|^[A-Z]\w* |^[A-Z][\w-]*/);
});

test.each(judged.map(rule => [rule.code, rule] as const))('%s is silent about its good example', (_, rule) => {
  expect(lint(rule, rule.good).map(({ message, line }) => `${line} ${message}`)).toEqual([]);
});

test('codes and names are unique, and of their form', () => {
  expect(RULES.filter(({ code }) => !/^SMT-[CMNSX]\d{3}$/.test(code))).toEqual([]);
  expect(RULES.filter(({ name }) => !/^[a-z0-9]+(-[a-z0-9]+)+$/.test(name))).toEqual([]);
  expect(new Set(RULES.map(({ code }) => code)).size).toBe(RULES.length);
  expect(new Set(RULES.map(({ name }) => name)).size).toBe(RULES.length);
});

test('every rule says why, by what, and what to do', () => {
  const poor = RULES.filter(
    ({ why, fix, summary, standards }) => why.length < 40 || fix.length < 10 || summary.length < 15 || standards.length === 0,
  );
  expect(poor.map(({ code }) => code)).toEqual([]);
});

test('a file is one rule, named after it', () => {
  const folder = join(__dirname, '../../../lib/check/lint/rules');
  const files = readdirSync(folder).filter(file => /^[a-z]\d/.test(file));
  expect(files.sort()).toEqual(RULES.map(({ code, name }) => `${code.slice(4).toLowerCase()}-${name}.ts`).sort());
});
