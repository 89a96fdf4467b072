import type { ErrorObject, ValidateFunction } from 'ajv';
import { list, nearest } from './did-you-mean.js';
import type { Issue, Path } from './issue.js';
import type { Fleet } from './types.js';

interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly description?: string;
  readonly $ref?: string;
  readonly [keyword: string]: unknown;
}

/** Checks keys, types and enums. A fleet without issues has the shape of `Fleet`; its meaning is checked elsewhere. */
export function checkStructure(fleet: unknown): { readonly fleet: Fleet } | { readonly issues: readonly Issue[] } {
  if (fleet === null || fleet === undefined)
    return {
      issues: [
        { path: [], message: 'holds no fleet', notes: ['expected at least: fleet, namespace, trustDomain, environments, services'] },
      ],
    };
  // compiled ahead of time by the build from fleet.schema.json: compiling here would cost every command 50 ms
  const validate = require('#validators/fleet') as ValidateFunction;
  if (validate(fleet)) return { fleet: fleet as Fleet };
  if (isKubernetesObject(fleet))
    return {
      issues: [
        {
          path: [],
          message: 'is a Kubernetes manifest, expected a fleet',
          notes: ['a fleet starts with "fleet: <name>": name another file with -f FILE'],
        },
      ],
    };
  return { issues: (validate.errors ?? []).map(error => toIssue(error, fleet)) };
}

const isKubernetesObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'apiVersion' in value && 'kind' in value;

function toIssue(error: ErrorObject, fleet: unknown): Issue {
  const path = parsePointer(error.instancePath, fleet);
  const value = valueAt(fleet, path);
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(error.params.additionalProperty);
      const known = Object.keys(parentSchema(error)?.properties ?? {});
      const guess = nearest(key, known);
      return {
        path: [...path, key],
        atKey: true,
        unknownKey: true,
        message: `unknown key "${key}"${path.length === 0 ? '' : ` in ${last(path)}`}`,
        notes: [
          `known here: ${list(known, 20)}`,
          key === '<<' ? 'YAML 1.2 has no merge keys: write the keys out' : guess === undefined ? 'remove it' : `write "${guess}"`,
        ],
      };
    }
    case 'required': {
      const key = String(error.params.missingProperty);
      return {
        path,
        message: `"${key}" is missing${path.length === 0 ? '' : ` in ${last(path)}`}`,
        notes: [`expected ${key}: ${describeKey(error, key)}`],
      };
    }
    case 'enum': {
      const allowed = (error.params.allowedValues as readonly string[]) ?? [];
      const guess = typeof value === 'string' ? nearest(value, allowed) : undefined;
      return {
        path,
        message: `${last(path)} is ${show(value)}`,
        notes: [`expected one of: ${list(allowed, 24)}`, ...(guess === undefined ? [] : [`write "${guess}"`])],
      };
    }
    case 'type':
      return { path, message: `${last(path)} is ${show(value)}, expected ${expectedType(error)}`, notes: typeNotes(value, error) };
    case 'minItems':
      return {
        path,
        message: `${last(path)} is an empty list`,
        notes: ['an empty list could be read as "all" or as "none": write what is meant, or remove the key'],
      };
    case 'minProperties':
      return { path, message: `${last(path)} is empty`, notes: ['write at least one entry, or remove the key'] };
    case 'minimum':
    case 'maximum':
      return {
        path,
        message: `${last(path)} is ${show(value)}`,
        notes: [`expected ${error.keyword === 'minimum' ? 'at least' : 'at most'} ${String(error.params.limit)}`],
      };
    default:
      return { path, message: `${last(path)} is ${show(value)}: ${error.message ?? error.keyword}`, notes: ['see fleet.schema.json'] };
  }
}

function typeNotes(value: unknown, error: ErrorObject): readonly string[] {
  const expected = expectedType(error);
  if (value === null) return ['nothing is written after the colon: write a value, or remove the key'];
  if (expected.startsWith('true or false') && typeof value === 'string' && /^(yes|no|on|off|y|n)$/i.test(value)) {
    return [`YAML 1.2 reads ${value} as text: write ${/^(yes|on|y)$/i.test(value) ? 'true' : 'false'}`];
  }
  if (error.instancePath === '') return ['a fleet starts with "fleet: <name>" on a line of its own, with a space after the colon'];
  if (expected === 'text' && (typeof value === 'number' || typeof value === 'boolean')) {
    const name = error.instancePath.split('/').at(-1) ?? '';
    return [
      /^(?:duration|renewBefore|lifetime)$/.test(name)
        ? 'write a Go duration, such as 2160h'
        : 'put it in quotes, as it stands in the file',
    ];
  }
  if (expected === 'text' && typeof value === 'object')
    return ['write one value; braces and indentation make a group of keys, a dash makes a list'];
  if (expected.startsWith('true or false') && (value === 'true' || value === 'false')) return [`remove the quotes: ${value}`];
  if (expected === 'a whole number')
    return typeof value === 'string' && /^\d+$/.test(value)
      ? [`remove the quotes: ${value}`]
      : ['write digits only, without quotes, unit or sign'];
  if (expected === 'a list' && typeof value === 'string') return [`write [ ${show(value)} ]`];
  return [`write ${expected}`];
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'keys and values',
};

function expectedType(error: ErrorObject): string {
  const type = error.params.type as string | readonly string[];
  return (typeof type === 'string' ? type.split(',') : type).map(name => TYPE_WORDS[name] ?? name).join(' or ');
}

/** A value as a message shows it: short, and never the whole of a block of text. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a group of keys' : String(value);
}

const last = (path: Path): string => {
  const part = path.at(-1);
  if (part === undefined) return 'the fleet';
  if (typeof part === 'number') return `entry ${part + 1} of ${last(path.slice(0, -1))}`;
  // a key that is no word of ours stands in quotes, so that the sentence around it can be read
  return /^[\w./-]+$/.test(part) ? part : show(part);
};

const unescapePointer = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~');

function parsePointer(pointer: string, fleet: unknown): Path {
  const path: (string | number)[] = [];
  let value = fleet;
  for (const raw of pointer.split('/').slice(1)) {
    const key = unescapePointer(raw);
    path.push(Array.isArray(value) ? Number(key) : key);
    value = (value as Record<string, unknown> | undefined)?.[key];
  }
  return path;
}

function valueAt(fleet: unknown, path: Path): unknown {
  let value = fleet;
  for (const part of path) value = (value as Record<string | number, unknown> | null | undefined)?.[part];
  return value;
}

/** The schema that holds the failed keyword; the validator is compiled to keep it. */
const parentSchema = (error: ErrorObject): SchemaNode | undefined => error.parentSchema as SchemaNode | undefined;

function describeKey(error: ErrorObject, key: string): string {
  const schema = parentSchema(error)?.properties?.[key];
  const referred = typeof schema?.$ref === 'string' ? definition(schema.$ref) : undefined;
  return (
    (schema?.description ?? referred?.description)?.replace(/\.$/, '') ?? TYPE_WORDS[String(schema?.type ?? referred?.type)] ?? 'a value'
  );
}

const definition = (ref: string): SchemaNode | undefined =>
  (require('#fleet-schema') as { readonly definitions: Readonly<Record<string, SchemaNode>> }).definitions[
    ref.replace('#/definitions/', '')
  ];
