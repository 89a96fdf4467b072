import { DOCTOR_RESOURCES, PREFLIGHT_RESOURCES, type Resource, STATUS_RESOURCES } from './snapshot/index.js';

/** One rule of a Role (rbac.authorization.k8s.io/v1 PolicyRule). */
export interface Right {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** Whether a Role of a namespace can grant it. */
  readonly namespaced: boolean;
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

export interface RightsOptions {
  /** Roles in these namespaces; what belongs to none stays in a ClusterRole. @default everything in a ClusterRole */
  readonly namespaces?: readonly string[];
}

/** Roles that grant a command what it needs, and no more. */
export function rolesOf(command: string, { namespaces }: RightsOptions = {}): readonly object[] {
  const rights = RIGHTS_OF[command] ?? [];
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
  if (namespaces === undefined) return role('ClusterRole', { name }, rights);
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
  ];
}
