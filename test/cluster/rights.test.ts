import { DOCTOR_RESOURCES, RIGHTS_OF, rolesOf } from '../../lib/cluster/index.js';

test('reading commands are given list alone, on exactly what they read', () => {
  const rights = RIGHTS_OF.doctor ?? [];
  expect(new Set(rights.flatMap(({ verbs }) => verbs))).toEqual(new Set(['list']));
  const granted = rights.flatMap(({ apiGroups, resources }) => resources.map(resource => `${apiGroups[0]}/${resource}`)).sort();
  expect(granted).toEqual([...new Set(DOCTOR_RESOURCES.map(({ group, plural }) => `${group}/${plural}`))].sort());
});

test('no command but restore and rotate may write Secrets, and none but rotate may delete anything', () => {
  for (const [command, rights] of Object.entries(RIGHTS_OF))
    for (const { resources, verbs, isHome } of rights) {
      expect([isHome, isHome === undefined || command === 'rotate']).toEqual([isHome, true]);
      if (isHome === true) continue;
      expect(verbs).not.toContain('delete');
      expect(verbs.concat(resources)).not.toContain('*');
      if (resources.includes('secrets') && command !== 'restore') expect(verbs.filter(verb => !['get', 'list'].includes(verb))).toEqual([]);
    }
});

test('rotate changes Secrets and ConfigMaps in the namespace of the authority alone, and deletes no Secret', () => {
  const roles = rolesOf('rotate', { home: 'pki' }) as {
    kind: string;
    metadata: object;
    rules: { resources: string[]; verbs: string[] }[];
  }[];
  expect(roles.map(({ kind, metadata }) => [kind, metadata])).toEqual([
    ['ClusterRole', { name: 'sentinel-mtls-rotate' }],
    ['Role', { name: 'sentinel-mtls-rotate-authority', namespace: 'pki' }],
  ]);
  expect(roles[1]?.rules.map(({ resources, verbs }) => [resources, verbs])).toEqual([
    [['secrets'], ['patch']],
    [['configmaps'], ['create', 'delete']],
  ]);
});

test('for a namespace what is namespaced comes in a Role', () => {
  const roles = rolesOf('status', { namespaces: ['shop'] }) as { kind: string; metadata: object; rules: { resources: string[] }[] }[];
  expect(roles.map(({ kind, metadata, rules }) => [kind, metadata, rules.flatMap(({ resources }) => resources)])).toEqual([
    ['ClusterRole', { name: 'sentinel-mtls-status' }, ['clusterissuers', 'namespaces']],
    ['Role', { name: 'sentinel-mtls-status', namespace: 'shop' }, ['certificaterequests', 'certificates', 'issuers', 'pods', 'secrets']],
  ]);
});
