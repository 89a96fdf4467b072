import { parseAllDocuments } from 'yaml';
import { cli } from '../../cli/_cli.js';
import { clusterTools, type RealCluster } from './_cluster.js';
import { startShop } from './_shop.js';

const tools = clusterTools();
const withCluster = tools === undefined ? test.skip : test;

jest.setTimeout(240_000);

let cluster: RealCluster;

beforeAll(async () => {
  if (tools !== undefined) cluster = await startShop(tools);
});

afterAll(() => cluster?.stop());

/** Gives the user `reader` what is printed for a command, and nothing else; returns how the command then ends. */
async function asReader(command: string, args: readonly string[]): Promise<ReturnType<typeof cli>> {
  const printed = cli(['rbac', command]).stdout;
  const roles = parseAllDocuments(printed).map(document => document.toJS() as { metadata: { name: string } });
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'reader' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: roles[0]?.metadata.name },
    subjects: [{ kind: 'User', name: 'reader', apiGroup: 'rbac.authorization.k8s.io' }],
  };
  await cluster.apply([...roles, binding]);
  const run = cli([command, '--kubeconfig', cluster.kubeconfig('reader'), ...args]);
  await cluster.delete([binding, ...roles]);
  return run;
}

withCluster('before anything is granted every command is refused', () => {
  for (const [command, ...args] of [['status'], ['renew', '--all'], ['backup', '-o', `${cluster.folder}/x`, '--recipient', 'age1x']])
    expect(cli([command ?? '', '--kubeconfig', cluster.kubeconfig('reader'), ...args]).code).toBe(3);
});

withCluster('the printed rights are enough for status', async () => {
  expect(await asReader('status', [])).toMatchObject({ code: 0, stdout: expect.stringContaining('2 certificates, 0 with trouble') });
});

withCluster('the printed rights are enough for doctor: nothing is left unread', async () => {
  const { stdout } = await asReader('doctor', []);
  expect(stdout).toContain('√ everything that is looked at may be read');
  // which is itself a reader of keys, and said to be
  expect(stdout).toContain('User reader may read it');
});

withCluster('the printed rights are enough for renew', async () => {
  expect(await asReader('renew', ['orders', '--wait'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('shop/orders-tls: renewed'),
  });
});
