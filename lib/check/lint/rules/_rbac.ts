import type { FieldPath, KubernetesObject } from '../../../objects/index.js';
import { listAt, textAt, textsAt } from '../values.js';
import type { World } from '../world.js';

/** One rule of a Role or ClusterRole. */
export interface Grant {
  readonly role: KubernetesObject;
  /** Undefined for a ClusterRole. */
  readonly namespace: string | undefined;
  readonly groups: readonly string[];
  readonly resources: readonly string[];
  readonly names: readonly string[];
  readonly verbs: readonly string[];
  readonly path: FieldPath;
}

const takes = (list: readonly string[], value: string): boolean => list.includes(value) || list.includes('*');

/** Rules of all roles that allow a verb on a resource. */
export function grants({ objects }: World, group: string, resource: string, verb: string): Grant[] {
  const roles = [...objects.ofKind('Role', 'rbac.authorization.k8s.io'), ...objects.ofKind('ClusterRole', 'rbac.authorization.k8s.io')];
  return roles.flatMap(role =>
    listAt(role, 'rules').flatMap((rule, index): Grant[] => {
      const grant = {
        role,
        namespace: role.kind === 'Role' ? (role.metadata.namespace ?? '') : undefined,
        groups: textsAt(rule, 'apiGroups'),
        resources: textsAt(rule, 'resources'),
        names: textsAt(rule, 'resourceNames'),
        verbs: textsAt(rule, 'verbs'),
        path: ['rules', index],
      };
      return takes(grant.groups, group) && takes(grant.resources, resource) && takes(grant.verbs, verb) ? [grant] : [];
    }),
  );
}

/** ServiceAccounts to whom a role is bound, `namespace/name`, each with the binding. */
export function boundAccounts(
  { objects }: World,
  role: KubernetesObject,
): { readonly account: string; readonly binding: KubernetesObject }[] {
  return ['RoleBinding', 'ClusterRoleBinding'].flatMap(kind =>
    objects.ofKind(kind, 'rbac.authorization.k8s.io').flatMap(binding => {
      if (textAt(binding, 'roleRef', 'kind') !== role.kind || textAt(binding, 'roleRef', 'name') !== role.metadata.name) return [];
      if (role.kind === 'Role' && (binding.metadata.namespace ?? '') !== (role.metadata.namespace ?? '')) return [];
      return listAt(binding, 'subjects').flatMap(subject =>
        textAt(subject, 'kind') === 'ServiceAccount'
          ? [{ account: `${textAt(subject, 'namespace') || (binding.metadata.namespace ?? '')}/${textAt(subject, 'name')}`, binding }]
          : [],
      );
    }),
  );
}
