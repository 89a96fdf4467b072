import { isRecord, type KubernetesObject, type ObjectSet, valueAt } from '../../objects/index.js';

const GROUP = 'rbac.authorization.k8s.io';

/** Who may do something, and in which namespace. */
export interface Grant {
  /** `system:serviceaccount:cert-manager:cert-manager`, `group system:authenticated`, a user's name. */
  readonly subject: string;
  /** Undefined: in every namespace. */
  readonly namespace: string | undefined;
  readonly resourceNames: readonly string[] | undefined;
  readonly binding: KubernetesObject;
}

export const serviceAccountUser = (namespace: string, name: string): string => `system:serviceaccount:${namespace}:${name}`;

/** Every rendered right to do `verb` with a resource. Rights that were granted elsewhere do not show. */
export function grantsOf(objects: ObjectSet, group: string, resource: string, verb: string): readonly Grant[] {
  const bindings = [...objects.ofKind('RoleBinding', GROUP), ...objects.ofKind('ClusterRoleBinding', GROUP)];
  return bindings.flatMap(binding => {
    const role = roleOf(objects, binding);
    const rules = listAt(role, 'rules').filter(
      rule => has(rule, 'apiGroups', group) && has(rule, 'resources', resource) && has(rule, 'verbs', verb),
    );
    return rules.flatMap(rule => {
      const names = listAt(rule, 'resourceNames').filter(name => typeof name === 'string');
      return listAt(binding, 'subjects').flatMap((subject): Grant[] => {
        const user = userOf(subject, binding);
        if (user === undefined) return [];
        const namespace = binding.kind === 'RoleBinding' ? (binding.metadata.namespace ?? 'default') : undefined;
        return [{ subject: user, namespace, resourceNames: names.length === 0 ? undefined : names, binding }];
      });
    });
  });
}

/** Whether a grant is one for a ServiceAccount, by name or by a group that every account is in. */
export function includes({ subject }: Grant, namespace: string, account: string): boolean {
  return subject === serviceAccountUser(namespace, account) || isWide(subject) || subject === `group system:serviceaccounts:${namespace}`;
}

/** Groups of more than one account. */
export const isWide = (subject: string): boolean =>
  ['group system:serviceaccounts', 'group system:authenticated', 'group system:unauthenticated'].includes(subject);

function roleOf(objects: ObjectSet, binding: KubernetesObject): KubernetesObject | undefined {
  const ref = valueAt(binding, ['roleRef']);
  const [kind, name] = [valueAt(ref, ['kind']), valueAt(ref, ['name'])];
  if (typeof name !== 'string' || valueAt(ref, ['apiGroup']) !== GROUP) return undefined;
  if (kind === 'ClusterRole') return objects.get('ClusterRole', undefined, name, GROUP);
  // a ClusterRoleBinding can't refer to a Role
  return kind === 'Role' && binding.kind === 'RoleBinding' ? objects.get('Role', binding.metadata.namespace, name, GROUP) : undefined;
}

function userOf(subject: unknown, binding: KubernetesObject): string | undefined {
  if (!isRecord(subject) || typeof subject.name !== 'string') return undefined;
  const namespace = typeof subject.namespace === 'string' ? subject.namespace : binding.metadata.namespace;
  switch (subject.kind) {
    case 'ServiceAccount':
      return namespace === undefined ? undefined : serviceAccountUser(namespace, subject.name);
    case 'User':
      return subject.name;
    case 'Group':
      return `group ${subject.name}`;
    default:
      return undefined;
  }
}

const has = (rule: unknown, field: string, wanted: string): boolean => listAt(rule, field).some(value => value === wanted || value === '*');

function listAt(value: unknown, field: string): readonly unknown[] {
  const list = valueAt(value, [field]);
  return Array.isArray(list) ? list : [];
}
