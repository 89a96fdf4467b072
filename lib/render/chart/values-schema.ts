import type { Param, ValueSchema } from './param.js';

interface ObjectSchema {
  readonly type: 'object';
  additionalProperties: boolean;
  readonly required: string[];
  readonly properties: Record<string, ObjectSchema | ValueSchema>;
}

/**
 * values.schema.json (draft-07). Closed, so that a misspelt value is an error; `global` alone is open, since a parent
 * chart puts values of its own there, and the root knows `enabled`, by which a parent switches the chart.
 */
export function valuesSchema(params: readonly Param[]): Record<string, unknown> {
  const root = closed();
  for (const param of params) {
    let schema = root;
    for (const key of param.keys.slice(0, -1)) schema = child(schema, key);
    const key = param.keys.at(-1) ?? '';
    schema.properties[key] = { description: param.props.doc, ...param.props.schema };
    // Helm 4 takes a null out of values.yaml, so a value that may be null may be missing
    if (param.props.value !== null) schema.required.push(key);
  }
  const { global } = root.properties;
  if (global !== undefined) (global as ObjectSchema).additionalProperties = true;
  root.properties.enabled = { description: 'Read by a parent chart as the condition of this one', type: 'boolean' };
  return { $schema: 'http://json-schema.org/draft-07/schema#', ...root, ...shareBlocks(root) };
}

/**
 * Blocks of the root with one schema become one definition: with hundreds of services, Helm would take minutes to
 * compile a copy for each.
 */
function shareBlocks(root: ObjectSchema): { readonly definitions?: Record<string, unknown> } {
  const byText = new Map<string, string[]>();
  for (const [key, schema] of Object.entries(root.properties)) {
    if (!('properties' in schema)) continue;
    const text = JSON.stringify(schema);
    byText.set(text, [...(byText.get(text) ?? []), key]);
  }
  const definitions: Record<string, unknown> = {};
  for (const keys of byText.values()) {
    const [first = ''] = keys;
    if (keys.length === 1) continue;
    definitions[first] = root.properties[first];
    for (const key of keys) root.properties[key] = { $ref: `#/definitions/${first}` };
  }
  return Object.keys(definitions).length === 0 ? {} : { definitions };
}

const closed = (): ObjectSchema => ({ type: 'object', additionalProperties: false, required: [], properties: {} });

function child(schema: ObjectSchema, key: string): ObjectSchema {
  const known = schema.properties[key];
  if (known !== undefined) return known as ObjectSchema;
  const next = closed();
  schema.properties[key] = next;
  // a block that somebody sets to null is gone, and every template below it would fail
  schema.required.push(key);
  return next;
}
