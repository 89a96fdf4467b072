import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { cli, ROOT, type Run } from '../../cli/_cli.js';
import { clusterTools, RealCluster, until } from './_cluster.js';
import { Watching } from './_watching.js';

const tools = clusterTools();
const withCluster = tools === undefined ? test.skip : test;

jest.setTimeout(240_000);

let cluster: RealCluster;
const file = (name: string): string => join(cluster.folder, name);

/** A ServiceAccount that may do what `rbac status` prints, and one Certificate to look at. */
beforeAll(async () => {
  if (tools === undefined) return;
  cluster = await RealCluster.start(tools);
  await cluster.installDefinitions();
  const roles = parseAllDocuments(cli(['rbac', 'status']).stdout).map(document => document.toJS() as { metadata: { name: string } });
  await cluster.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'watcher', namespace: 'shop' } },
    {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: 'web-tls', namespace: 'shop', labels: { 'sentinel-mtls.io/fleet': 'shop' } },
      spec: { secretName: 'web-tls', dnsNames: ['web.shop.svc'], issuerRef: { name: 'ca', kind: 'ClusterIssuer' } },
    },
    ...roles,
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'watcher' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: roles[0]?.metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: 'watcher', namespace: 'shop' }],
    },
  ]);
});

afterAll(() => cluster?.stop());

/** A token of the ServiceAccount that lives as long as a Secret does. */
function tokenBoundTo(secret: string): string {
  cluster.kubectl(['create', 'secret', 'generic', secret, '-n', 'shop']);
  const bound = ['--bound-object-kind', 'Secret', '--bound-object-name', secret];
  return cluster.kubectl(['create', 'token', 'watcher', '-n', 'shop', '--duration=10m', ...bound]).trim();
}

const seen = { code: 1, stderr: '', stdout: expect.stringContaining('web-tls') };

describe('in a pod', () => {
  const ACCOUNT = '/run/secrets/kubernetes.io/serviceaccount';
  // a mount namespace of its own, in which the fixed paths of a pod are ours
  const unshare = ['unshare', '--mount', ...(process.getuid?.() === 0 ? [] : ['--map-root-user'])];

  function inPod(args: readonly string[], token: string): Run {
    mkdirSync(file('account'), { recursive: true });
    writeFileSync(file('account/token'), token, { mode: 0o600 });
    writeFileSync(file('account/ca.crt'), readFileSync(file('ca.crt')));
    writeFileSync(file('account/namespace'), 'shop');
    const script = `mount -t tmpfs tmpfs /run && mkdir -p ${ACCOUNT} && cp "$1"/* ${ACCOUNT}/ && shift && exec "$@"`;
    const main = join(ROOT, 'build', 'lib', 'cli', 'main.js');
    const words = [...unshare.slice(1), 'sh', '-c', script, 'sh', file('account'), process.execPath, main, ...args];
    const { KUBECONFIG: _, ...others } = process.env;
    const env = { ...others, HOME: file('account'), KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(cluster.port) };
    const { status, stdout, stderr } = spawnSync(unshare[0] ?? '', words, { env, encoding: 'utf8', timeout: 60_000 });
    return { code: status, stdout, stderr };
  }

  withCluster("the ServiceAccount's files are the login", () => {
    expect(inPod(['status'], tokenBoundTo('pod'))).toEqual(seen);
    expect(inPod(['status', '-n', 'shop'], tokenBoundTo('pod-2')).stdout).toContain('web-tls');
    expect(existsSync(ACCOUNT)).toBe(false);
  });

  withCluster('a token that is none is a refusal, which shows nothing of it', () => {
    const run = inPod(['status'], 'not-a-token-of-anybody');
    expect(run).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('does not know who asks') });
    expect(run.stderr).not.toContain('not-a-token-of-anybody');
  });
});

/** A kubeconfig whose user is what an exec plugin says. */
function withPlugin(name: string, script: string): string[] {
  writeFileSync(file(`${name}.sh`), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: file(`${name}.sh`),
    interactiveMode: 'Never',
    env: [{ name: 'FOLDER', value: cluster.folder }],
  };
  return kubeconfigOf(name, { exec });
}

function kubeconfigOf(name: string, user: object): string[] {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: `https://127.0.0.1:${cluster.port}`, 'certificate-authority': 'ca.crt' } }],
    users: [{ name, user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: name } }],
    'current-context': 'test',
  };
  writeFileSync(file(`${name}.kubeconfig`), JSON.stringify(config), { mode: 0o600 });
  return ['--kubeconfig', file(`${name}.kubeconfig`)];
}

const credential = (status: object): string =>
  JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status });

describe('an exec plugin', () => {
  withCluster('logs in, and is asked once a command', () => {
    writeFileSync(file('credential'), credential({ token: tokenBoundTo('plugin') }), { mode: 0o600 });
    const login = withPlugin('plugin', 'echo called >> "$FOLDER/calls"; cat "$FOLDER/credential"');
    expect(cli(['status', ...login])).toEqual(seen);
    expect(readFileSync(file('calls'), 'utf8')).toBe('called\n');
  });

  withCluster('that fails is named with its own words', () => {
    const run = cli(['status', ...withPlugin('failing', 'echo "the session has ended: run cloud login" >&2; exit 1')]);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toContain('the session has ended: run cloud login');
  });

  withCluster.each([
    [
      'is not there',
      { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'no-such-plugin' } },
      '"no-such-plugin" can\'t be run',
    ],
    [
      'prints no JSON',
      { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'echo', args: ['secret-token'] } },
      'printed no JSON',
    ],
    ['prints no credential', { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'echo', args: ['{}'] } }, 'ExecCredential'],
  ])('that %s is a clear error', (what, user, words) => {
    const run = cli(['status', ...kubeconfigOf(what.replaceAll(' ', '-'), user)]);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toContain("the credentials of the kubeconfig can't be had: ");
    expect(run.stderr).toContain(words);
    expect(run.stderr).not.toMatch(/ENOENT|secret|\n\s+at |Cannot read properties/);
  });

  withCluster('is asked again when its token has ended in the middle of a watch', async () => {
    const expires = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString();
    writeFileSync(file('credential'), credential({ token: tokenBoundTo('first'), expirationTimestamp: expires(3) }), { mode: 0o600 });
    const login = withPlugin('renewing', 'echo called >> "$FOLDER/renewals"; cat "$FOLDER/credential"');
    const watching = new Watching(['--interval', '0.5s', ...login]);
    try {
      await watching.untilLooks(2);
      writeFileSync(file('credential'), credential({ token: tokenBoundTo('second'), expirationTimestamp: expires(300) }), { mode: 0o600 });
      cluster.kubectl(['delete', 'secret', 'first', '-n', 'shop']);
      // the API server believes a token for ten more seconds
      await until('the plugin was asked again', 60, async () => readFileSync(file('renewals'), 'utf8') === 'called\ncalled\n');
      await watching.untilLooks(watching.looks + 2);
    } finally {
      watching.kill('SIGINT');
    }
    expect(await watching.ended).toEqual({ code: 1, signal: null });
    expect(watching.stderr).toBe('');
  });
});

withCluster('a token in a kubeconfig that has ended is a refusal that says what to do, and shows nothing of it', () => {
  const token = tokenBoundTo('ended');
  cluster.kubectl(['delete', 'secret', 'ended', '-n', 'shop']);
  const run = cli(['status', ...kubeconfigOf('ended', { token })]);
  expect(run).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('renew your login') });
  expect(run.stderr).not.toContain(token.slice(0, 20));
});
