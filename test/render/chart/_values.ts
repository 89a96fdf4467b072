import fc from 'fast-check';
import type { FleetChart } from '../../../lib/render/chart/index.js';

type Schema = Readonly<Record<string, unknown>>;
type Arbitrary = fc.Arbitrary<unknown>;

/** Texts that YAML or templates take for something else. */
const NASTY = [
  'true',
  '0777',
  '1e3',
  'null',
  '~',
  'yes',
  'a: b',
  '- x',
  '{{ .Values }}',
  '}}',
  '#',
  '"',
  "'",
  '\\',
  ' x',
  '0x1f',
  '1:20',
  '.',
  'é',
  '%s',
];

const text = (): fc.Arbitrary<string> => fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }));
const key = (): fc.Arbitrary<string> => fc.oneof(fc.stringMatching(/^[a-z][a-zA-Z]{0,6}$/), fc.constantFrom('yes', '0777', 'a.b/c'));
const map = (values: Arbitrary): Arbitrary => fc.dictionary(key(), values, { maxKeys: 3, noNullPrototype: true });
const scalar = (): Arbitrary => fc.oneof(text(), fc.boolean(), fc.integer({ min: 0, max: 2 ** 31 - 1 }));
const nested = (): Arbitrary => fc.oneof(scalar(), fc.array(scalar(), { maxLength: 2 }), map(scalar()));

/** Values that the schema takes, as a user might set them: at least half of what can be set at all. */
export function valuesOf(chart: FleetChart): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  const params = [...chart.valueSchemas].filter(([path]) => path !== 'extraObjects');
  const some = fc.subarray(params, { minLength: Math.floor(params.length / 2) });
  return some
    .chain(chosen =>
      fc.tuple(...chosen.map(([path, { schema, value: usual }]) => drawn(path, schema, usual).map(value => [path, value] as const))),
    )
    .map(chosen => {
      const values: Record<string, unknown> = {};
      for (const [path, value] of chosen) put(values, path.split('.'), value);
      return values;
    });
}

export function put(values: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let branch = values;
  for (const part of path.slice(0, -1)) {
    branch[part] ??= {};
    branch = branch[part] as Record<string, unknown>;
  }
  branch[path.at(-1) ?? ''] = value;
}

function drawn(path: string, schema: Schema, usual: unknown): Arbitrary {
  // values that the chart refuses together with others: most draws must render
  if (path.startsWith('issuer.'))
    return fc.oneof({ weight: 6, arbitrary: fc.constant(usual ?? '') }, { weight: 1, arbitrary: bySchema(schema) });
  if (path.endsWith('nv'))
    return fc.uniqueArray(fc.record({ name: fc.constantFrom('A', 'B', 'MTLS_MODE', 'LOG'), value: text() }, { noNullPrototype: true }), {
      selector: ({ name }) => name,
      maxLength: 3,
    });
  // far enough apart that the one is less than the other
  if (/duration$/i.test(path)) return fc.constantFrom('2160h', '100h0m0s', '72h30m', '86400s', '5000m1s');
  if (/renewBefore$/i.test(path)) return fc.constantFrom('5m', '1h0m0s', '3601s', '23h');
  return bySchema(schema);
}

function bySchema(schema: Schema): Arbitrary {
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]));
  // null is what nobody writes; leaving the value out is the same
  if (Array.isArray(schema.anyOf)) return fc.oneof(...(schema.anyOf as Schema[]).filter(({ type }) => type !== 'null').map(bySchema));
  switch (schema.type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: Number(schema.minimum ?? 0), max: Number(schema.maximum ?? 2 ** 31 - 1) });
    case 'string':
      return textOf(schema);
    case 'array': {
      const items = (schema.items ?? {}) as Schema;
      return fc.array(items.type === 'object' && items.properties === undefined ? map(nested()) : bySchema(items), {
        minLength: Number(schema.minItems ?? 0),
        maxLength: 3,
      });
    }
    case 'object':
      return objectOf(schema);
    default:
      return nested();
  }
}

function textOf({ pattern, minLength = 0, maxLength = 40 }: Schema): fc.Arbitrary<string> {
  if (maxLength === 0) return fc.constant('');
  if (typeof pattern !== 'string') return minLength === 0 ? fc.oneof(fc.constant(''), text()) : text();
  const fits = (value: string): boolean => value.length >= Number(minLength) && value.length <= Number(maxLength);
  // a length that the pattern fixes is no length to stay below
  const size = /\{\d+\}/.test(pattern) ? {} : { maxLength: Math.min(Number(maxLength), 40) };
  return fc.stringMatching(new RegExp(pattern), size).filter(fits);
}

function objectOf(schema: Schema): Arbitrary {
  if (schema.properties !== undefined) {
    const fields = Object.entries(schema.properties as Readonly<Record<string, Schema>>).map(
      ([name, field]) => [name, bySchema(field)] as const,
    );
    return fc.record(Object.fromEntries(fields), { requiredKeys: (schema.required ?? []) as string[], noNullPrototype: true });
  }
  const values = schema.additionalProperties;
  return map(typeof values === 'object' ? bySchema(values as Schema) : nested());
}
