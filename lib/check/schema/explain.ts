import type { ErrorObject } from 'ajv';
import { list, nearest } from '../../fleet/did-you-mean.js';
import { describe, describeAt, type ObjectPath, type SchemaProblem } from './problem.js';
import { schemasAt } from './schema-walk.js';

/** A broken list can hold one mistake a thousand times; nobody reads on after these. */
const MOST_PROBLEMS = 50;

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  null: 'null',
};

/** Turns ajv's errors about one object into problems. */
export function explain(object: unknown, kind: string, file: string, errors: readonly ErrorObject[]): SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  for (const error of errors) {
    if (problems.length === MOST_PROBLEMS) break;
    // the branches of a choice, and the echo of a key's own error, only repeat what is reported once
    if (/\/(oneOf|anyOf)\/\d/.test(error.schemaPath) || error.keyword === 'propertyNames') continue;
    problems.push(explainOne(object, kind, file, error));
  }
  return problems;
}

function explainOne(object: unknown, kind: string, file: string, error: ErrorObject): SchemaProblem {
  const { path, value } = locate(object, error.instancePath);
  const schemas = schemasAt(file, path);
  const found = describeAt(kind, path, value);
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownField(
        kind,
        path,
        String(error.params.additionalProperty),
        schemas.flatMap(schema => Object.keys(schema.properties ?? {})),
      );
    case 'required': {
      const field = String(error.params.missingProperty);
      return {
        kind: 'required',
        path: [...path, field],
        message: `missing field "${field}"`,
        found: 'nothing',
        expected: `the field "${field}"`,
      };
    }
    case 'type': {
      const expected = [error.params.type]
        .flat()
        .map(type => TYPES[String(type)] ?? String(type))
        .join(' or ');
      return { kind: 'invalid', path, message: `${fieldName(path)} has the wrong type`, found, expected };
    }
    case 'enum': {
      const allowed = [error.params.allowedValues].flat().map(String);
      const meant = typeof value === 'string' ? nearest(value, allowed) : undefined;
      const expected = `${meant === undefined ? '' : `"${meant}", or another `}${meant === undefined ? 'one ' : ''}of ${list(allowed)}`;
      return { kind: 'notSupported', path, message: `${fieldName(path)} has an unknown value`, found, expected };
    }
    case 'oneOf':
    case 'anyOf':
      return choice(
        error.keyword,
        path,
        value,
        schemas.flatMap(schema => schema[error.keyword === 'oneOf' ? 'oneOf' : 'anyOf'] ?? []),
      );
    case 'pattern': {
      const title = schemas.find(schema => schema.title !== undefined)?.title ?? `text that matches ${String(error.params.pattern)}`;
      if (error.propertyName === undefined)
        return { kind: 'invalid', path, message: `${fieldName(path)} is malformed`, found, expected: title };
      const key = error.propertyName;
      return {
        kind: 'invalid',
        path: [...path, key],
        message: `malformed key "${key}"`,
        found: describe(key),
        expected: 'a label or annotation key',
      };
    }
    case 'maxLength':
      return {
        kind: 'tooLong',
        path,
        message: `${fieldName(path)} is too long`,
        found,
        expected: `at most ${String(error.params.limit)} characters`,
      };
    default:
      return {
        kind: 'invalid',
        path,
        message: `${fieldName(path)} ${error.message ?? 'is invalid'}`.replace(' NOT ', ' not '),
        found,
        expected: limit(error),
      };
  }
}

const fieldName = (path: ObjectPath): string => {
  const name = path.findLast(part => typeof part === 'string');
  return name === undefined ? 'the object' : `"${name}"`;
};

const limit = ({ message = '' }: ErrorObject): string =>
  message.replace(/^must (NOT )?/, (_, not) => (not ? 'not to ' : '')).replace(/^be /, '');

function unknownField(kind: string, parent: ObjectPath, field: string, allowed: string[]): SchemaProblem {
  const path = [...parent, field];
  if (parent.length === 1 && parent[0] === 'metadata' && field === 'namespace')
    return {
      kind: 'unknownField',
      path,
      message: `"namespace" on a cluster-scoped ${kind}`,
      found: '"namespace"',
      expected: 'no namespace',
    };
  const meant = nearest(field, allowed);
  const message = `unknown field "${field}"${meant === undefined ? '' : `, did you mean "${meant}"?`}`;
  return {
    kind: 'unknownField',
    path,
    message,
    found: describe(field),
    expected: meant === undefined ? `one of ${list(allowed)}` : describe(meant),
  };
}

function choice(
  keyword: 'oneOf' | 'anyOf',
  path: ObjectPath,
  value: unknown,
  branches: readonly { required: readonly string[] }[],
): SchemaProblem {
  const fields = branches.flatMap(branch => branch.required);
  const set = fields.filter(field => typeof value === 'object' && value !== null && field in value);
  const count = keyword === 'oneOf' ? 'exactly one' : 'at least one';
  const expected = `${count} of ${list(fields)}`;
  return {
    kind: set.length === 0 ? 'required' : 'forbidden',
    path,
    message: `${fieldName(path)} needs ${expected}`,
    found: list(set),
    expected,
  };
}

/** Follows a JSON pointer; a number only where a list stands, since `"0"` may be a key of a map. */
function locate(object: unknown, pointer: string): { path: ObjectPath; value: unknown } {
  const path: ObjectPath = [];
  let value = object;
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(value) ? Number(key) : key);
    value = Object.entries(value ?? {}).find(([name]) => name === key)?.[1];
  }
  return { path, value };
}
