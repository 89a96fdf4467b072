import { DOCTOR_RESOURCES, PREFLIGHT_RESOURCES, type Resource, STATUS_RESOURCES } from './snapshot/index.js';

/** One rule of a Role (rbac.authorization.k8s.io/v1 PolicyRule). */
export interface Right {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** Whether a Role of a namespace can grant it. */
  readonly namespaced: boolean;
  /** Only in the namespace of cert-manager and trust-manager, where the keys of authorities are. */
  readonly isHome?: true;
}

const right = (group: string, resources: readonly string[], verbs: readonly string[], namespaced = true): Right => ({
  apiGroups: [group],
  resources,
  verbs,
  namespaced,
});

/** From the table of what is read, so that it can't fall behind. */
function toList(resources: readonly Resource[]): Right[] {
  const groups = new Map<string, Set<string>>();
  for (const { group, plural, namespaced } of resources) {
    const key = `${group} ${namespaced}`;
    groups.set(key, (groups.get(key) ?? new Set()).add(plural));
  }
  return [...groups].map(([key, plurals]) => {
    const [group = '', namespaced] = key.split(' ');
    return right(group, [...plurals].sort(), ['list'], namespaced === 'true');
  });
}

const CERT_MANAGER = 'cert-manager.io';
const BACKED_UP = [
  right('', ['secrets', 'configmaps'], ['get']),
  right(CERT_MANAGER, ['certificates', 'issuers'], ['get', 'list']),
  right(CERT_MANAGER, ['clusterissuers'], ['get', 'list'], false),
  right('trust.cert-manager.io', ['bundles'], ['get', 'list'], false),
];

/** The least rights of each command that talks to a cluster. */
export const RIGHTS_OF: Readonly<Record<string, readonly Right[]>> = {
  status: toList(STATUS_RESOURCES),
  doctor: toList(DOCTOR_RESOURCES),
  'doctor --preflight': toList(PREFLIGHT_RESOURCES),
  'doctor --probe': [...toList(DOCTOR_RESOURCES), right(CERT_MANAGER, ['certificates'], ['create'])],
  renew: [
    right(CERT_MANAGER, ['certificates'], ['get', 'list']),
    right(CERT_MANAGER, ['certificates/status'], ['update']),
    right('', ['secrets'], ['get']),
  ],
  rotate: [
    right(CERT_MANAGER, ['certificates'], ['get', 'list']),
    right(CERT_MANAGER, ['certificates/status'], ['update']),
    right(CERT_MANAGER, ['issuers'], ['list']),
    right('', ['secrets', 'configmaps'], ['get']),
    right('', ['pods'], ['list']),
    right('', ['pods/proxy'], ['get']),
    right(CERT_MANAGER, ['clusterissuers'], ['list'], false),
    right('trust.cert-manager.io', ['bundles'], ['list'], false),
    right('', ['namespaces'], ['list'], false),
    // patch takes the old key away where cert-manager keeps keys; of what is read nothing is written
    { ...right('', ['secrets'], ['patch']), isHome: true },
    { ...right('', ['configmaps'], ['create', 'delete']), isHome: true },
  ],
  migrate: [
    right(CERT_MANAGER, ['certificates'], ['list']),
    right('', ['configmaps', 'pods'], ['list']),
    right('', ['pods/proxy'], ['get']),
  ],
  backup: [...BACKED_UP, right('', ['configmaps'], ['list']), right('apps', ['deployments'], ['list'])],
  restore: [
    ...BACKED_UP,
    right('', ['namespaces'], ['get', 'create'], false),
    right('', ['secrets', 'configmaps'], ['create', 'update']),
    right(CERT_MANAGER, ['certificates', 'issuers'], ['create', 'update']),
    right(CERT_MANAGER, ['clusterissuers'], ['create', 'update'], false),
    right('trust.cert-manager.io', ['bundles'], ['create', 'update'], false),
  ],
};

/** Commands that look at every namespace, since what they leave out could be what breaks. */
export const WHOLE_CLUSTER: readonly string[] = ['rotate', 'migrate'];

export interface RightsOptions {
  /** Roles in these namespaces; what belongs to none stays in a ClusterRole. @default everything in a ClusterRole */
  readonly namespaces?: readonly string[];
  /** Namespace of cert-manager and trust-manager. @default cert-manager */
  readonly home?: string;
}

/** Roles that grant a command what it needs, and no more. */
export function rolesOf(command: string, { namespaces, home = 'cert-manager' }: RightsOptions = {}): readonly object[] {
  const all = RIGHTS_OF[command] ?? [];
  const rights = all.filter(({ isHome }) => isHome !== true);
  const name = `sentinel-mtls-${command.replace(/ --/, '-')}`;
  const role = (kind: string, metadata: object, rules: readonly Right[]): object[] =>
    rules.length === 0
      ? []
      : [
          {
            apiVersion: 'rbac.authorization.k8s.io/v1',
            kind,
            metadata,
            rules: rules.map(({ apiGroups, resources, verbs }) => ({ apiGroups, resources, verbs })),
          },
        ];
  const atHome = role(
    'Role',
    { name: `${name}-authority`, namespace: home },
    all.filter(({ isHome }) => isHome === true),
  );
  if (namespaces === undefined || WHOLE_CLUSTER.includes(command)) return [...role('ClusterRole', { name }, rights), ...atHome];
  return [
    ...role(
      'ClusterRole',
      { name },
      rights.filter(({ namespaced }) => !namespaced),
    ),
    ...namespaces.flatMap(namespace =>
      role(
        'Role',
        { name, namespace },
        rights.filter(({ namespaced }) => namespaced),
      ),
    ),
    ...atHome,
  ];
}
