import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2020';
import { parseAllDocuments } from 'yaml';
import { CODES, DEFAULT_MIN_VERSION, DEFAULTS, ENVIRONMENT, EVENTS, METRICS, MtlsError, parsePolicy } from '../src/index.js';

const ROOT = join(__dirname, '../../..');
const CONFORMANCE = join(ROOT, 'conformance');
const read = (file: string) => JSON.parse(readFileSync(join(CONFORMANCE, file), 'utf8'));

test('codes are those of conformance/codes.json, in its order', () => {
  expect([...CODES].sort()).toEqual(Object.keys(read('codes.json').codes).sort());
});

test('defaults and variables are those of conformance/settings.json', () => {
  const { defaults, environment } = read('settings.json');
  expect({ ...DEFAULTS, minVersion: DEFAULT_MIN_VERSION }).toEqual(defaults);
  expect(ENVIRONMENT).toEqual(
    Object.fromEntries(Object.entries<{ default: string }>(environment).map(([name, { default: value }]) => [name, value])),
  );
});

test('metrics are those of conformance/metrics.json: name, type, labels, help', () => {
  const rows = Object.entries(METRICS).map(([name, { type, labels, help }]) => ({ name, type, labels: [...labels], help }));
  expect(rows).toEqual(read('metrics.json').metrics);
});

test('events are those of conformance/events.json, with their levels', () => {
  const { events } = read('events.json');
  expect(EVENTS).toEqual(Object.fromEntries(Object.entries<{ level: string }>(events).map(([name, { level }]) => [name, level])));
});

/** Texts that JSON.parse takes; the schema judges values, not texts. */
function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

test('the JSON Schema of policy.json and the reader agree on each document of the vectors', () => {
  const validate = new Ajv({ strict: true }).compile(read('policy.schema.json'));
  const documents: { name: string; text?: string }[] = read('vectors/policies.json').documents;
  // one call with two identities is beyond JSON Schema
  const judged = documents.filter(({ name, text }) => text !== undefined && parsed(text) && name !== 'one call, two IDs');
  expect(judged.length).toBeGreaterThan(50);
  const differences = judged.filter(({ text = '' }) => validate(parsed(text)?.value) !== readable(text));
  expect(differences.map(({ name }) => name)).toEqual([]);
});

function readable(text: string): boolean {
  try {
    parsePolicy(text);
    return true;
  } catch (error) {
    if (error instanceof MtlsError) return false;
    throw error;
  }
}

test('every policy.json that the fleet renders can be read', () => {
  const environments = readdirSync(join(ROOT, 'dist'), { withFileTypes: true }).filter(entry => entry.isDirectory());
  const texts = environments.flatMap(({ name }) =>
    parseAllDocuments(readFileSync(join(ROOT, 'dist', name, 'policy.yaml'), 'utf8')).map(
      document => document.toJS().data['policy.json'] as string,
    ),
  );
  expect(texts.length).toBeGreaterThan(10);
  for (const text of texts) expect(parsePolicy(text).version).toBe(1);
});

test('each failure scenario is tested by its number, or says why it does not apply', () => {
  const files = readdirSync(__dirname).filter(file => file.endsWith('.test.ts'));
  const text = files.map(file => readFileSync(join(__dirname, file), 'utf8')).join('\n');
  const tested = new Set(
    [...text.matchAll(/['`]((?:\[\d+\])+)(?:\(trap \d+\))? /g)].flatMap(([, numbers = '']) => [...numbers.matchAll(/\d+/g)].map(Number)),
  );
  const scenarios: { number: number; title: string; doesNotApply?: { node?: string } }[] = read('scenarios.json').scenarios;
  expect(scenarios.map(({ number }) => number)).toEqual(Array.from({ length: 62 }, (_, index) => index + 1));
  const open = scenarios.filter(({ number, doesNotApply }) => !tested.has(number) && !doesNotApply?.node);
  expect(open.map(({ number, title }) => `${number} ${title}`)).toEqual([]);
});

test('each of the fourteen traps that were measured has a test of its own', () => {
  const files = readdirSync(__dirname).filter(file => file.endsWith('.test.ts'));
  const text = files.map(file => readFileSync(join(__dirname, file), 'utf8')).join('\n');
  const tested = new Set([...text.matchAll(/\]\(trap (\d+)\) /g)].map(([, number]) => Number(number)));
  // 8 is about Python's ssl
  const expected = Array.from({ length: 14 }, (_, index) => index + 1).filter(number => number !== 8);
  expect([...tested].sort((a, b) => a - b)).toEqual(expected);
});
