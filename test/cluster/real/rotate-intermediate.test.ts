import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { cli, ROOT, type Run } from '../../cli/_cli.js';
import type { RealCluster } from './_cluster.js';
import { believes, bundle, chainIn, leaves, rotationTools, startSentinel } from './_rotation.js';

const tools = rotationTools();
const withCluster = tools === undefined ? test.skip : test;

jest.setTimeout(420_000);

const HOME = 'cert-manager';

let cluster: RealCluster;

beforeAll(async () => {
  if (tools !== undefined) cluster = await startSentinel(tools, 'staging');
});

afterAll(() => cluster?.stop());

interface Rule {
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly verbs: string[];
}

interface Role {
  readonly kind: 'ClusterRole' | 'Role';
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules: Rule[];
}

const printed = (): Role[] => parseAllDocuments(cli(['rbac', 'rotate']).stdout).map(document => document.toJS() as Role);

/** One right: a verb on a resource in one of the roles. */
interface Right {
  readonly kind: Role['kind'];
  readonly resource: string;
  readonly verb: string;
}

const rights = (): Right[] =>
  printed().flatMap(({ kind, rules }) =>
    rules.flatMap(({ resources, verbs }) => resources.flatMap(resource => verbs.map(verb => ({ kind, resource, verb })))),
  );

/** Gives the user `reader` what is printed, but for one right, and nothing else. */
async function grant(less?: Right): Promise<void> {
  const roles = printed().map(role => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    ...role,
    rules: role.rules
      .flatMap(rule =>
        rule.resources.map(resource => {
          const isLess = less?.kind === role.kind && less.resource === resource;
          return { ...rule, resources: [resource], verbs: rule.verbs.filter(verb => !(isLess && verb === less.verb)) };
        }),
      )
      .filter(({ verbs }) => verbs.length > 0),
  }));
  const bindings = roles.map(({ kind, metadata }) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: kind === 'Role' ? 'RoleBinding' : 'ClusterRoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: metadata.name },
    subjects: [{ kind: 'User', name: 'reader', apiGroup: 'rbac.authorization.k8s.io' }],
  }));
  await cluster.apply([...roles, ...bindings]);
}

const as = (user: 'reader' | 'admin', ...args: readonly string[]): Run =>
  cli(['rotate', '--kubeconfig', cluster.kubeconfig(user), '--grace', '2s', ...args]);

/** What every look needs. */
const isRead = ({ resource, verb }: Right): boolean => ['get', 'list'].includes(verb) && resource !== 'pods/proxy';

withCluster('one right less than those printed, and the look is refused, naming what can’t be read', async () => {
  await grant();
  expect(as('reader')).toMatchObject({ code: 0, stderr: '' });
  // the pods are looked at once a rotation is under way; Certificates one by one when they are renewed
  const looked = rights().filter(
    right => isRead(right) && right.resource !== 'pods' && !(right.resource === 'certificates' && right.verb === 'get'),
  );
  expect(looked.map(({ resource, verb }) => `${verb} ${resource}`).sort()).toEqual([
    'get configmaps',
    'get secrets',
    'list bundles',
    'list certificates',
    'list clusterissuers',
    'list issuers',
    'list namespaces',
  ]);
  for (const right of looked) {
    await grant(right);
    const { code, stderr } = as('reader', 'start', '--wait');
    expect({ right, code, stderr }).toEqual({
      right,
      code: 3,
      stderr: expect.stringMatching(new RegExp(`^${right.resource}\\b.* can't be read: `)),
    });
  }
});

const serial = (name: string, namespace = 'sentinel-system'): string | undefined => chainIn(cluster, name, namespace)[0]?.serialNumber;

withCluster('each step in a process of its own, with the printed rights; the right that it needs missing first', async () => {
  const refused = async (less: Right, action: string, message: RegExp, code = 3): Promise<void> => {
    await grant(less);
    expect({ less, ...as('reader', action) }).toMatchObject({
      less,
      code,
      [code === 3 ? 'stderr' : 'stdout']: expect.stringMatching(message),
    });
    await grant();
  };
  const titles: string[] = [];
  /** One step; waits are looked at again. */
  const step = (action: string): void => {
    for (let tries = 0; tries < 60; tries++) {
      const { code, stdout, stderr } = as('reader', action);
      if (code === 0) return void titles.push(stdout.split('\n')[0] ?? '');
      expect(stderr).toMatch(/^it waits: /);
    }
    throw new Error(`it waits for ever after ${titles.join(', ')}`);
  };
  const old = { root: serial('sentinel-root-ca-secret', HOME), intermediate: serial('sentinel-ca-secret', HOME) };
  const [oldRoot] = chainIn(cluster, 'sentinel-root-ca-secret', HOME);
  const [oldIntermediate] = chainIn(cluster, 'sentinel-ca-secret', HOME);

  await refused(
    { kind: 'Role', resource: 'configmaps', verb: 'create' },
    'start',
    /^ConfigMap cert-manager\/sentinel-old-root can't be written: .*forbidden/,
  );
  step('start');
  await refused({ kind: 'ClusterRole', resource: 'pods', verb: 'list' }, 'continue', /^pods can't be read: /);
  await refusedWhenReached(
    { kind: 'Role', resource: 'secrets', verb: 'patch' },
    /^key of cert-manager\/sentinel-root-ca can't be written: .*forbidden/,
  );
  expect(serial('sentinel-root-ca-secret', HOME)).toBe(old.root);
  step('continue');
  await refusedWhenReached(
    { kind: 'Role', resource: 'secrets', verb: 'patch' },
    /^key of cert-manager\/sentinel-ca can't be written: .*forbidden/,
  );
  expect(serial('sentinel-root-ca-secret', HOME)).not.toBe(old.root);
  expect(serial('sentinel-ca-secret', HOME)).toBe(old.intermediate);
  step('continue');
  const before = leaves(cluster).map(name => serial(name));
  await refusedWhenReached(
    { kind: 'ClusterRole', resource: 'certificates/status', verb: 'update' },
    /^it failed: .*forbidden: .*"certificates\/status"/,
    1,
  );
  await refusedWhenReached(
    { kind: 'ClusterRole', resource: 'certificates', verb: 'get' },
    /^it failed: .*forbidden: .*cannot get resource "certificates"/,
    1,
  );
  expect(leaves(cluster).map(name => serial(name))).toEqual(before);
  step('continue');
  step('continue');
  expect(titles).toEqual([
    '√ keep the root that signs now trusted, in ConfigMap cert-manager/sentinel-old-root',
    '√ let cert-manager make a new key for cert-manager/sentinel-root-ca',
    '√ issue the intermediates anew, with new keys, from the new root',
    '√ renew 4 certificates, some at a time',
    'the old root may be taken away: sentinel-mtls rotate complete',
  ]);
  await refused(
    { kind: 'Role', resource: 'configmaps', verb: 'delete' },
    'complete',
    /^ConfigMap cert-manager\/sentinel-old-root can't be written: .*forbidden/,
  );
  expect(as('reader', 'complete', '--wait')).toEqual({
    code: 0,
    stdout: expect.stringMatching(/\nthe new root alone is trusted\n$/),
    stderr: '',
  });

  const [root, ...others] = bundle(cluster);
  expect(others).toEqual([]);
  for (const [was, name] of [
    [oldRoot, 'sentinel-root-ca-secret'],
    [oldIntermediate, 'sentinel-ca-secret'],
  ] as const)
    expect(chainIn(cluster, name, HOME)[0]?.publicKey.equals(was?.publicKey as NonNullable<typeof was>['publicKey'])).toBe(false);
  for (const name of leaves(cluster)) expect(believes(root === undefined ? [] : [root], chainIn(cluster, name))).toBe(true);

  /** Looks until the step is reached that needs the right; until then it waits. */
  async function refusedWhenReached(less: Right, message: RegExp, code = 3): Promise<void> {
    await grant(less);
    for (let tries = 0; tries < 60; tries++) {
      const run = as('reader', 'continue');
      if (run.stderr.startsWith('it waits: ')) continue;
      expect({ less, ...run }).toMatchObject({ less, code, stderr: expect.stringMatching(message) });
      await grant();
      return;
    }
    throw new Error(`${less.verb} ${less.resource} was never needed`);
  }
});

const MAIN = join(ROOT, 'build', 'lib', 'cli', 'main.js');

/** Ends the command with SIGKILL as soon as it has printed so many lines, or lets it end; returns what it printed. */
function killedAfter(lines: number, ...args: readonly string[]): Promise<{ readonly printed: string; readonly code: number | null }> {
  return new Promise(resolve => {
    const child = spawn(process.execPath, [MAIN, 'rotate', ...args, '--kubeconfig', cluster.kubeconfig(), '--grace', '2s', '--wait'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString('utf8');
      if (printed.split('\n').length > lines) child.kill('SIGKILL');
    });
    child.on('close', code => resolve({ printed, code }));
  });
}

withCluster('a rotation that is killed again and again goes on where the cluster stands, and comes to its end', async () => {
  const [old] = bundle(cluster);
  const first = await killedAfter(1, 'start');
  expect(first).toMatchObject({ code: null, printed: expect.stringMatching(/^√ keep the root/) });
  let killed = 1;
  for (let tries = 0; tries < 40; tries++) {
    const { code } = await killedAfter(1, 'complete');
    if (code === 0) break;
    killed++;
    // whatever moment it was, what is served now is believed
    const roots = bundle(cluster);
    for (const name of leaves(cluster)) expect(believes(roots, chainIn(cluster, name))).toBe(true);
    if (as('admin').code === 0) break;
  }
  expect(killed).toBeGreaterThanOrEqual(4);
  expect(as('admin')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^fleet sentinel: no rotation is under way\n/) });
  const roots = bundle(cluster);
  expect(roots.map(({ fingerprint256 }) => fingerprint256)).not.toContain(old?.fingerprint256);
  for (const name of leaves(cluster)) expect(believes(roots, chainIn(cluster, name))).toBe(true);
});
