import { isRecord, type KubernetesObject, objectName } from '../../objects/index.js';
import { leaves, type Meaning } from './leaves.js';
import { canonical, shown } from './shown.js';
import type { Fact, Field } from './types.js';

const ALLOWED: Meaning = path => (path.startsWith('allowed') ? 'weaker' : undefined);

/** What approver-policy lets through; each further value in `allowed` is one request more. */
export function requestPolicyFact(object: KubernetesObject, source: string): Fact {
  const { name } = object.metadata;
  return {
    section: 'requestPolicies',
    key: name,
    subject: name,
    appears: 'weaker',
    fields: leaves(object.spec ?? {}, () => undefined, '', ALLOWED),
    sources: [source],
  };
}

/** What a role allows, or to whom a binding gives it. */
export function permissionFact(object: KubernetesObject, source: string): Fact {
  const name = objectName(object);
  const rules: Field = { name: 'allows', items: list(object.rules).map(ruleWords), grows: 'weaker' };
  const subjects: Field = { name: 'given to', items: list(object.subjects).map(subjectWords), grows: 'weaker' };
  const { rules: _r, subjects: _s, roleRef, aggregationRule } = object;
  return {
    section: 'permissions',
    key: name,
    subject: name,
    appears: 'weaker',
    fields: [
      ...(object.kind.endsWith('Binding') ? [subjects] : [rules]),
      ...(roleRef === undefined ? [] : leaves(roleRef, () => 'review', 'role')),
      ...(aggregationRule === undefined ? [] : leaves(aggregationRule, () => 'review', 'aggregated from')),
    ],
    sources: [source],
  };
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function ruleWords(rule: unknown): string {
  if (!isRecord(rule)) return shown(rule);
  const { verbs, resources, apiGroups, resourceNames, ...rest } = rule;
  const words = (value: unknown): string => list(value).map(String).join(', ');
  const groups = words(apiGroups);
  const named = resourceNames === undefined ? '' : ` named ${words(resourceNames)}`;
  const further = Object.keys(rest).length === 0 ? '' : ` ${canonical(rest)}`;
  return `${words(verbs)} ${words(resources)}${groups === '' ? '' : ` of ${groups}`}${named}${further}`;
}

function subjectWords(subject: unknown): string {
  if (!isRecord(subject)) return shown(subject);
  const { kind, name, namespace, apiGroup, ...rest } = subject;
  const group = apiGroup === undefined ? '' : ` (${String(apiGroup)})`;
  return `${String(kind)} ${namespace === undefined ? '' : `${String(namespace)}/`}${String(name)}${group}${Object.keys(rest).length === 0 ? '' : ` ${canonical(rest)}`}`;
}
