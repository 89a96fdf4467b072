import type { ObjectPath } from './problem.js';
import { type JsonSchema, schemaFile } from './validators.js';

/**
 * The schemas that hold at a path of an object, by walking both together: ajv's own schemaPath can't tell
 * which definition it is relative to.
 */
export function schemasAt(file: string, path: ObjectPath): JsonSchema[] {
  let here = expand(schemaFile(file));
  for (const part of path) here = here.flatMap(schema => step(schema, part)).flatMap(expand);
  return here;
}

function step(schema: JsonSchema, part: string | number): JsonSchema[] {
  if (typeof part === 'number') return schema.items ? [schema.items] : [];
  const property = schema.properties?.[part];
  if (property) return [property];
  return schema.additionalProperties ? [schema.additionalProperties] : [];
}

/** A schema and what it refers to. */
function expand(schema: JsonSchema): JsonSchema[] {
  if (schema.$ref === undefined) return [schema];
  const [file = '', pointer = ''] = schema.$ref.split('#/definitions/');
  const target = schemaFile(file).definitions?.[pointer];
  return target ? [schema, ...expand(target)] : [schema];
}
