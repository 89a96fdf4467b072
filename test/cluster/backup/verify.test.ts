import { type Backup, parseBackup, verifyBackup } from '../../../lib/cluster/index.js';
import type { KubernetesObject } from '../../../lib/objects/index.js';
import { type Made, make } from '../_certificates.js';
import { secretOf } from '../doctor/_cluster.js';

const issuer: KubernetesObject = {
  apiVersion: 'cert-manager.io/v1',
  kind: 'ClusterIssuer',
  metadata: { name: 'ca' },
  spec: { ca: { secretName: 'ca' } },
};

const backup = (...objects: readonly KubernetesObject[]): Backup => ({
  schemaVersion: 1,
  kind: 'sentinel-mtls-backup',
  takenAt: '2026-01-01T00:00:00Z',
  context: 'test',
  clusterResourceNamespace: 'cert-manager',
  objects,
});

const secret = (made: Made, root: Made, key?: string): KubernetesObject =>
  secretOf('cert-manager', 'ca', made, root, {}, key) as KubernetesObject;

const problemsOf = (whole: Backup): readonly string[] => verifyBackup(whole).flatMap(({ problems }) => problems);

let root: Made;
let intermediate: Made;
let other: Made;

beforeAll(async () => {
  root = await make({ commonName: 'root', isCa: true, until: 3650 });
  intermediate = await make({ commonName: 'intermediate', isCa: true, until: 365 }, root);
  other = await make({ commonName: 'other', isCa: true });
});

test('a root, and an intermediate with its root, are whole', () => {
  expect(problemsOf(backup(secret(root, root), issuer))).toEqual([]);
  expect(problemsOf(backup(secret(intermediate, root), issuer))).toEqual([]);
});

test('each fault of an authority is named', async () => {
  expect(problemsOf(backup(secret(root, root, other.keyPem())))).toEqual(['tls.key is not the key of its certificate']);
  expect(problemsOf(backup(secret(intermediate, other)))).toEqual(['its chain does not lead to a root']);
  const ended = await make({ commonName: 'old', isCa: true, from: -20, until: -10 });
  expect(problemsOf(backup(secret(ended, ended)))).toEqual([expect.stringMatching(/^its certificate ended on /)]);
  const leaf = await make({ dnsNames: ['leaf.example'] }, root);
  expect(problemsOf(backup(secret(leaf, root)))).toEqual(['its certificate is no authority']);
});

test('an issuer without the Secret that it names is named', () => {
  expect(problemsOf(backup(issuer))).toEqual(['Secret cert-manager/ca, which it names, is not in the backup']);
});

test('authorities that sign each other in a ring end the search', async () => {
  const first = await make({ commonName: 'b', isCa: true });
  const second = await make({ commonName: 'c', isCa: true }, first);
  const ring = await make({ commonName: 'b', isCa: true, key: first.key }, second);
  expect(problemsOf(backup(secret(second, ring)))).toEqual(['its chain does not lead to a root']);
});

test('what is verified shows no key', () => {
  expect(JSON.stringify(verifyBackup(backup(secret(root, root), issuer)))).not.toMatch(/PRIVATE|LS0tLS1/);
});

test('a file that is no backup is refused, also one with objects that do not belong there', () => {
  expect(() => parseBackup('not json')).toThrow(/holds no JSON/);
  expect(() => parseBackup('{}')).toThrow(/is no backup/);
  expect(() => parseBackup(JSON.stringify({ ...backup(), schemaVersion: 2 }))).toThrow(/another version/);
  const binding = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'admin' } };
  expect(() => parseBackup(JSON.stringify(backup(binding)))).toThrow(/does not belong there: ClusterRoleBinding/);
});
