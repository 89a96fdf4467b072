import type { ValueSchema } from './param.js';

/** JSON Schemas (draft-07) that many values share. */

export const BOOLEAN: ValueSchema = { type: 'boolean' };
export const STRING: ValueSchema = { type: 'string' };
export const MAP: ValueSchema = { type: 'object' };
export const STRING_MAP: ValueSchema = { type: 'object', additionalProperties: { type: 'string' } };
export const STRINGS: ValueSchema = { type: 'array', items: { type: 'string' } };
export const MAPS: ValueSchema = { type: 'array', items: { type: 'object' } };

/** RFC 1123 label: namespaces and names made from the fleet's. */
export const label = (maxLength: number): ValueSchema => ({
  type: 'string',
  maxLength,
  pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$',
});

export const DNS_NAME: ValueSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 253,
  pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
};

/** A Go duration in hours, minutes and seconds; Helm's regular expressions know no lookahead. */
export const DURATION_SCHEMA: ValueSchema = {
  type: 'string',
  pattern: '^([0-9]{1,6}h([0-9]{1,6}m)?([0-9]{1,6}s)?|[0-9]{1,6}m([0-9]{1,6}s)?|[0-9]{1,6}s)$',
};

/** An absolute path without characters that a shell or YAML would take for something else. */
export const PATH: ValueSchema = { type: 'string', pattern: '^(/[A-Za-z0-9._-]+)+$' };

export const count = (minimum: number): ValueSchema => ({ type: 'integer', minimum, maximum: 2_147_483_647 });

export const COUNT_OR_PERCENT: ValueSchema = {
  anyOf: [
    { type: 'integer', minimum: 0, maximum: 2_147_483_647 },
    { type: 'string', pattern: '^[0-9]{1,3}%$' },
  ],
};
