import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Backup } from '../../../lib/cluster/index.js';
import type { KubernetesObject } from '../../../lib/objects/index.js';
import { cli, ROOT } from '../../cli/_cli.js';
import { make } from '../_certificates.js';
import { secretOf } from '../doctor/_cluster.js';
import { clusterTools, RealCluster, until } from './_cluster.js';

const tools = clusterTools();
const withCluster = tools === undefined ? test.skip : test;

jest.setTimeout(240_000);

let cluster: RealCluster;
const file = (name: string): string => join(cluster.folder, name);

/** An authority in a namespace that the cluster does not have yet, its issuer, and the bundle of its root. */
const ISSUER = 'ClusterIssuer shop-ca-issuer';
const SECRET = 'Secret authorities/shop-ca-secret';
const CERTIFICATE = 'Certificate authorities/shop-ca';
const BUNDLE = 'Bundle shop-ca-bundle';
const OBJECTS: readonly KubernetesObject[] = [
  {
    apiVersion: 'trust.cert-manager.io/v1alpha1',
    kind: 'Bundle',
    metadata: { name: 'shop-ca-bundle' },
    spec: { sources: [{ secret: { name: 'shop-ca-secret', key: 'ca.crt' } }], target: { configMap: { key: 'ca.crt' } } },
  },
  {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: 'shop-ca', namespace: 'authorities' },
    spec: { secretName: 'shop-ca-secret', commonName: 'shop CA', isCA: true, issuerRef: { name: 'self', kind: 'ClusterIssuer' } },
  },
  {
    apiVersion: 'cert-manager.io/v1',
    kind: 'ClusterIssuer',
    metadata: { name: 'shop-ca-issuer' },
    spec: { ca: { secretName: 'shop-ca-secret' } },
  },
];

beforeAll(async () => {
  if (tools === undefined) return;
  cluster = await RealCluster.start(tools);
  await cluster.installDefinitions();
  const root = await make({ commonName: 'shop CA', isCa: true, until: 3650 });
  const backup: Backup = {
    schemaVersion: 1,
    kind: 'sentinel-mtls-backup',
    takenAt: new Date().toISOString(),
    context: 'test',
    clusterResourceNamespace: 'authorities',
    objects: [...OBJECTS, secretOf('authorities', 'shop-ca-secret', root, root, {}) as KubernetesObject],
  };
  writeFileSync(file('passphrase'), 'correct horse battery staple\n', { mode: 0o600 });
  writeFileSync(file('backup.age'), encrypted(JSON.stringify(backup)));
});

afterAll(() => cluster?.stop());

const restore = (user: 'admin' | 'reader' = 'admin', ...more: readonly string[]): ReturnType<typeof cli> =>
  cli(['restore', file('backup.age'), '--passphrase-file', file('passphrase'), '--kubeconfig', cluster.kubeconfig(user), ...more]);

/** In a process of its own: jest can't load the library, which is an ES module. */
function encrypted(text: string): Buffer {
  const script = `require('./build/lib/cluster/backup/encryption.js')
    .encrypt(require('fs').readFileSync(0, 'utf8'), { passphrase: 'correct horse battery staple' })
    .then(bytes => process.stdout.write(bytes))`;
  return execFileSync(process.execPath, ['-e', script], { cwd: ROOT, input: text });
}

/** By kind and name: the version that changes with every write. */
function versions(): Readonly<Record<string, string>> {
  const words = ['-o', 'jsonpath={range .items[*]}{.kind}/{.metadata.name}={.metadata.resourceVersion}{"\\n"}{end}'];
  const kinds = ['secrets', 'certificates', 'clusterissuers', 'bundles', 'namespaces'];
  const lines = cluster.kubectl(['get', kinds.join(','), '-A', ...words]).split('\n');
  return Object.fromEntries(lines.filter(line => /shop-|\/authorities=/.test(line)).map(line => line.split('=') as [string, string]));
}

/** A policy that refuses objects of a name; returns when it is in force, which takes the API server a moment. */
async function refuse(resource: string, probe: KubernetesObject): Promise<readonly object[]> {
  const api = 'admissionregistration.k8s.io/v1';
  const policy = {
    apiVersion: api,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'frozen' },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources: [resource] }],
      },
      validations: [{ expression: `object.metadata.name != "${probe.metadata.name}"`, message: 'a change freeze is on' }],
    },
  };
  const binding = {
    apiVersion: api,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: 'frozen' },
    spec: { policyName: 'frozen', validationActions: ['Deny'] },
  };
  cluster.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [policy, binding] }));
  const text = JSON.stringify({ ...probe, metadata: { ...probe.metadata, ...(probe.metadata.namespace ? { namespace: 'default' } : {}) } });
  await until('the policy is in force', 60, async () => {
    try {
      cluster.kubectl(['create', '--dry-run=server', '-f', '-'], text);
      return false;
    } catch (error) {
      return String(error).includes('a change freeze is on');
    }
  });
  return [binding, policy];
}

/** Until what was refused is taken again. */
async function allow(frozen: readonly object[], probe: KubernetesObject): Promise<void> {
  await cluster.delete(frozen);
  const text = JSON.stringify({ ...probe, metadata: { ...probe.metadata, ...(probe.metadata.namespace ? { namespace: 'default' } : {}) } });
  await until('the policy is gone', 60, async () => cluster.kubectl(['create', '--dry-run=server', '-f', '-'], text) !== '');
}

const objectOf = (kind: string): KubernetesObject => {
  const found = OBJECTS.find(object => object.kind === kind);
  if (found === undefined) throw new Error(`the backup has no ${kind}`);
  return found;
};

withCluster('a right that is missing is told of before anything is written', async () => {
  const roles = parseAllDocuments(cli(['rbac', 'restore']).stdout).map(
    document => document.toJS() as { rules: { resources: string[]; verbs: string[] }[] },
  );
  const without = roles.map(role => ({
    ...role,
    rules: role.rules.map(rule => (rule.resources.includes('clusterissuers') ? { ...rule, verbs: ['get', 'list'] } : rule)),
  }));
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'reader' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'sentinel-mtls-restore' },
    subjects: [{ kind: 'User', name: 'reader', apiGroup: 'rbac.authorization.k8s.io' }],
  };
  await cluster.apply([...without, binding]);
  const run = restore('reader');
  expect(run).toMatchObject({ code: 3, stdout: '' });
  expect(run.stderr).toContain('would refuse 1 of 5 objects; nothing was written\n');
  expect(run.stderr).toContain(`${ISSUER}: clusterissuers.cert-manager.io is forbidden: User "reader" cannot create`);
  expect(versions()).toEqual({});
  await cluster.apply(roles);
  expect(restore('reader', '--dry-run')).toMatchObject({ code: 0, stdout: expect.stringContaining(`${SECRET}: would be created`) });
  expect(versions()).toEqual({});
});

withCluster('a policy that refuses one object is told of before anything is written', async () => {
  const frozen = await refuse('bundles', objectOf('Bundle'));
  const run = restore();
  await allow(frozen, objectOf('Bundle'));
  expect(run).toMatchObject({ code: 3, stdout: '' });
  expect(run.stderr).toContain(`${BUNDLE}: `);
  expect(run.stderr).toContain('a change freeze is on');
  expect(versions()).toEqual({});
});

withCluster('what could not be tried stops it half-way: it says how far it came, and goes on from there', async () => {
  const frozen = await refuse('certificates', objectOf('Certificate'));
  const run = restore();
  expect(run.code).toBe(3);
  expect(run.stdout).toContain('5 to create, 0 to replace, 0 there already and the same');
  expect(run.stdout.split('\n').slice(1)).toEqual(['Namespace authorities: created', `${SECRET}: created`, `${ISSUER}: created`, '']);
  expect(run.stderr).toContain(`${CERTIFICATE} was not written: `);
  expect(run.stderr).toContain('a change freeze is on');
  expect(run.stderr).toContain(`\n  written: Namespace authorities, ${SECRET}, ${ISSUER}\n  not written: ${CERTIFICATE}, ${BUNDLE}\n`);
  expect(run.stderr).toContain('run the same command again');
  expect(run.stderr).not.toMatch(/PRIVATE KEY|LS0tLS1/);
  const before = versions();
  expect(Object.keys(before).sort()).toEqual(['ClusterIssuer/shop-ca-issuer', 'Namespace/authorities', 'Secret/shop-ca-secret']);
  // now that the namespace is there all of it can be tried
  const again = restore();
  expect(again).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('nothing was written') });
  expect(versions()).toEqual(before);
  await allow(frozen, objectOf('Certificate'));
  const last = restore();
  expect(last).toMatchObject({ code: 0, stderr: '' });
  expect(last.stdout).toContain('2 to create, 0 to replace, 3 there already and the same');
  expect(last.stdout).toContain(`${SECRET}: there already, the same\n`);
  expect(last.stdout).toContain(`${CERTIFICATE}: created\n${BUNDLE}: created\n`);
  const after = versions();
  expect(after).toMatchObject(before);
  expect(restore().code).toBe(0);
  expect(versions()).toEqual(after);
});
