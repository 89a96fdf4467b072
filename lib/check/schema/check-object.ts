import { list, nearest } from '../../fleet/did-you-mean.js';
import { admissionProblems } from './cert-manager.js';
import { explain } from './explain.js';
import { describe, type SchemaProblem } from './problem.js';
import { knownKinds, schemaName, validatorOf } from './validators.js';

export interface CheckOptions {
  /** Minor version of cert-manager, 18 to 21. @default 21 */
  readonly certManager?: number;
}

/**
 * What the API server would refuse or quietly drop in one whole Kubernetes object, by the pinned schema of its
 * kind, and what cert-manager's webhook would refuse besides. An empty list means: accepted.
 *
 * @throws Error when the validators were not built
 */
export function checkObject(object: unknown, { certManager }: CheckOptions = {}): SchemaProblem[] {
  if (typeof object !== 'object' || object === null || Array.isArray(object))
    return [
      {
        kind: 'invalid',
        path: [],
        message: 'not a Kubernetes object',
        found: describe(object),
        expected: 'an object with apiVersion and kind',
      },
    ];
  const apiVersion = 'apiVersion' in object ? object.apiVersion : undefined;
  const kind = 'kind' in object ? object.kind : undefined;
  if (typeof apiVersion !== 'string') return [notText('apiVersion', apiVersion)];
  if (typeof kind !== 'string') return [notText('kind', kind)];
  const validate = validatorOf(apiVersion, kind);
  if (!validate) return [unknownKind(apiVersion, kind)];
  const bySchema = validate(object) ? [] : explain(object, kind, `${schemaName(apiVersion, kind)}.json`, validate.errors ?? []);
  const byRule = admissionProblems(apiVersion, kind, object, certManager);
  if (byRule.length === 0 || bySchema.length === 0) return bySchema.length === 0 ? byRule : bySchema;
  return [...bySchema, ...byRule.filter(problem => !bySchema.some(other => repeats(problem, other)))];
}

/** Whether a rule tells again what the schema has told: about the same field, or about one inside a missing field. */
function repeats(rule: SchemaProblem, schema: SchemaProblem): boolean {
  const inside = schema.path.every((part, index) => rule.path[index] === part);
  return inside && (rule.path.length === schema.path.length || schema.kind === 'required');
}

function notText(field: string, value: unknown): SchemaProblem {
  return { kind: 'required', path: [field], message: `missing field "${field}"`, found: describe(value), expected: 'a string' };
}

function unknownKind(apiVersion: string, kind: string): SchemaProblem {
  const kinds = knownKinds();
  const elsewhere = kinds.filter(known => known.endsWith(` ${kind}`));
  const meant = nearest(`${apiVersion} ${kind}`, kinds);
  const expected = elsewhere.length > 0 ? list(elsewhere) : (meant ?? list(kinds, kinds.length));
  const message = `no schema for kind "${kind}" of apiVersion "${apiVersion}"${meant === undefined ? '' : `, did you mean "${meant}"?`}`;
  return { kind: 'unknownKind', path: elsewhere.length > 0 ? ['apiVersion'] : ['kind'], message, found: `${apiVersion} ${kind}`, expected };
}
