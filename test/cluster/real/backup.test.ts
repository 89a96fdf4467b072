import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cli, ROOT } from '../../cli/_cli.js';
import { clusterTools, RealCluster } from './_cluster.js';
import { startShop, untilReady } from './_shop.js';

const tools = clusterTools();
const withCluster = tools === undefined ? test.skip : test;

jest.setTimeout(240_000);

let cluster: RealCluster;
let empty: RealCluster | undefined;
const file = (name: string): string => join(cluster.folder, name);

beforeAll(async () => {
  if (tools === undefined) return;
  cluster = await startShop(tools);
  writeFileSync(file('passphrase'), 'correct horse battery staple\n', { mode: 0o600 });
  writeFileSync(file('wrong'), 'incorrect horse battery\n', { mode: 0o600 });
});

afterAll(async () => {
  await empty?.stop();
  await cluster?.stop();
});

const at = (from: RealCluster): string[] => ['--kubeconfig', from.kubeconfig()];
const key = (): string[] => ['--passphrase-file', file('passphrase')];

withCluster('a backup is encrypted, readable by its owner alone, and not written over', () => {
  const run = cli(['backup', ...at(cluster), ...key(), '-o', file('backup.age')]);
  expect(run).toEqual({ code: 0, stderr: '', stdout: expect.stringContaining('√ Secret cert-manager/shop-ca-secret: CN=shop CA, until ') });
  const bytes = readFileSync(file('backup.age'), 'latin1');
  expect(bytes.startsWith('age-encryption.org/v1\n-> scrypt')).toBe(true);
  expect(bytes).not.toMatch(/shop-ca-secret|PRIVATE KEY|LS0tLS1/);
  expect((statSync(file('backup.age')).mode & 0o777).toString(8)).toBe('600');
  expect(run.stdout).not.toContain('PRIVATE KEY');
  expect(cli(['backup', ...at(cluster), ...key(), '-o', file('backup.age')])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('backup.age exists, and is left as it is'),
  });
  expect(readFileSync(file('backup.age'), 'latin1')).toBe(bytes);
});

withCluster('verify opens it with the key alone', () => {
  expect(cli(['backup', 'verify', file('backup.age'), ...key()])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('√ ClusterIssuer shop-ca-issuer'),
  });
  const wrong = cli(['backup', 'verify', file('backup.age'), '--passphrase-file', file('wrong')]);
  expect(wrong).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining("the backup can't be opened") });
});

withCluster('a backup that was changed by one bit is not opened', () => {
  const bytes = readFileSync(file('backup.age'));
  const last = bytes.length - 20;
  bytes[last] = (bytes[last] ?? 0) ^ 1;
  writeFileSync(file('changed.age'), bytes);
  expect(cli(['backup', 'verify', file('changed.age'), ...key()]).code).toBe(2);
});

withCluster('for a recipient the identity opens it, and the passphrase does not', () => {
  // made at test time
  const { identity, recipient } = cliKeys();
  writeFileSync(file('identity'), `# a comment\n${identity}\n`, { mode: 0o600 });
  expect(cli(['backup', ...at(cluster), '--recipient', recipient, '-o', file('recipient.age')]).code).toBe(0);
  expect(cli(['backup', 'verify', file('recipient.age'), '--identity', file('identity')]).code).toBe(0);
  expect(cli(['backup', 'verify', file('recipient.age'), ...key()]).code).toBe(2);
});

withCluster('into an empty cluster it is restored, and leaves are issued by the same authority as before', async () => {
  if (tools === undefined) return;
  empty = await RealCluster.start(tools);
  const early = cli(['restore', file('backup.age'), ...at(empty), ...key()]);
  expect(early).toMatchObject({ code: 2, stderr: expect.stringContaining('the cluster knows no') });
  await empty.installDefinitions();
  const run = cli(['restore', file('backup.age'), ...at(empty), ...key()]);
  expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: '' });
  expect(run.stdout).toContain('Secret cert-manager/shop-ca-secret: created');
  const authority = (from: RealCluster): string =>
    from.kubectl(['get', 'secret', 'shop-ca-secret', '-n', 'cert-manager', '-o', 'jsonpath={.data.tls\\.crt}']);
  expect(authority(empty)).toBe(authority(cluster));
  await empty.startController();
  const leaf = JSON.parse(cluster.kubectl(['get', 'certificate', 'orders-tls', '-n', 'shop', '-o', 'json'])) as {
    metadata: object;
    spec: object;
  };
  empty.kubectl(['create', 'namespace', 'shop']);
  await empty.apply([
    {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: 'orders-tls', namespace: 'shop', labels: { 'sentinel-mtls.io/fleet': 'shop' } },
      spec: leaf.spec,
    },
  ]);
  await untilReady(empty, ['orders-tls']);
  // cert-manager has taken the restored Secret for what it is, and not made a new authority
  expect(authority(empty)).toBe(authority(cluster));
  expect(cli(['status', ...at(empty)])).toMatchObject({ code: 0 });
});

withCluster('a second restore keeps what is the same, and writes nothing where something differs', () => {
  const target = empty ?? cluster;
  expect(cli(['restore', file('backup.age'), ...at(target), ...key()]).stdout).toContain(
    'Secret cert-manager/shop-ca-secret: there already, the same',
  );
  target.kubectl(['patch', 'clusterissuer', 'shop-ca-issuer', '--type=merge', '-p', '{"spec":{"ca":{"secretName":"other"}}}']);
  const refused = cli(['restore', file('backup.age'), ...at(target), ...key()]);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('ClusterIssuer shop-ca-issuer; nothing was written') });
  expect(cli(['restore', file('backup.age'), ...at(target), ...key(), '--overwrite']).stdout).toContain(
    'ClusterIssuer shop-ca-issuer: replaced',
  );
  expect(target.kubectl(['get', 'clusterissuer', 'shop-ca-issuer', '-o', 'jsonpath={.spec.ca.secretName}'])).toBe('shop-ca-secret');
});

/** A key pair of age, made at test time. */
function cliKeys(): { readonly identity: string; readonly recipient: string } {
  const script =
    "import('age-encryption').then(async a => { const i = await a.generateX25519Identity(); console.log(JSON.stringify({ identity: i, recipient: await a.identityToRecipient(i) })); })";
  return JSON.parse(execFileSync(process.execPath, ['-e', script], { cwd: ROOT, encoding: 'utf8' })) as {
    identity: string;
    recipient: string;
  };
}
