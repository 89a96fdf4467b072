import type { KubernetesObject, ObjectSet } from '../../objects/index.js';
import { listAt, textAt, textsAt } from '../_values.js';

/** Who may read Secrets of a namespace; `names` is undefined for all of them. */
export interface Reader {
  /** `ServiceAccount ci/deployer`, `User alice`, `Group devs` */
  readonly subject: string;
  /** Undefined: every namespace. */
  readonly namespace: string | undefined;
  readonly names: readonly string[] | undefined;
  readonly binding: KubernetesObject;
}

/** Each of them shows values: a list and a watch as much as a get. */
const READING = ['get', 'list', 'watch', '*'];

/** What a role lets read of Secrets: undefined nothing, an empty list all. */
function readable(role: KubernetesObject): readonly string[] | undefined {
  const names = new Set<string>();
  let any = false;
  for (const rule of listAt(role, 'rules')) {
    const groups = textsAt(rule, 'apiGroups');
    const resources = textsAt(rule, 'resources');
    if (!groups.some(group => group === '' || group === '*') || !resources.some(name => name === 'secrets' || name === '*')) continue;
    if (!textsAt(rule, 'verbs').some(verb => READING.includes(verb))) continue;
    const only = textsAt(rule, 'resourceNames');
    if (only.length === 0) return [];
    any = true;
    for (const name of only) names.add(name);
  }
  return any ? [...names] : undefined;
}

/** Subjects that may read Secrets, by any role; those of Kubernetes itself (`system:`) are left out. */
export function secretReaders(objects: ObjectSet): Reader[] {
  const roles = new Map<string, readonly string[] | undefined>();
  for (const role of objects.ofKind('ClusterRole')) roles.set(`ClusterRole/${role.metadata.name}`, readable(role));
  for (const role of objects.ofKind('Role')) roles.set(`Role/${role.metadata.namespace ?? ''}/${role.metadata.name}`, readable(role));
  return [...objects.ofKind('ClusterRoleBinding'), ...objects.ofKind('RoleBinding')].flatMap((binding): Reader[] => {
    const namespace = binding.kind === 'RoleBinding' ? (binding.metadata.namespace ?? '') : undefined;
    const name = textAt(binding, 'roleRef', 'name');
    const role = textAt(binding, 'roleRef', 'kind') === 'Role' ? `Role/${namespace ?? ''}/${name}` : `ClusterRole/${name}`;
    const names = roles.get(role);
    if (names === undefined) return [];
    return listAt(binding, 'subjects').flatMap((subject): Reader[] => {
      const [kind, who] = [textAt(subject, 'kind'), textAt(subject, 'name')];
      const home = textAt(subject, 'namespace') || (namespace ?? '');
      if (who.startsWith('system:') || (kind === 'ServiceAccount' && home === 'kube-system')) return [];
      return [
        {
          subject: `${kind} ${kind === 'ServiceAccount' ? `${home}/` : ''}${who}`,
          namespace,
          names: names.length === 0 ? undefined : names,
          binding,
        },
      ];
    });
  });
}
