import { fleetStatus, Living, STATUS_RESOURCES, takeSnapshot } from '../../../lib/cluster/index.js';
import { cli } from '../../cli/_cli.js';
import { clusterTools, type RealCluster, until } from './_cluster.js';
import { startShop } from './_shop.js';

const tools = clusterTools();
const withCluster = tools === undefined ? test.skip : test;

jest.setTimeout(240_000);

describe('a cluster with the controller of cert-manager', () => {
  let cluster: RealCluster;

  beforeAll(async () => {
    if (tools === undefined) return;
    cluster = await startShop(tools);
  });

  afterAll(() => cluster?.stop());

  withCluster('a healthy fleet has no trouble, and the command says so', () => {
    const { code, stdout, stderr } = cli(['status', '--kubeconfig', cluster.kubeconfig()]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('2 certificates, 0 with trouble');
  });

  withCluster('a deleted authority Secret that is issued anew leaves Ready as it is, and is named', async () => {
    const before = cluster.kubectl(['get', 'secret', 'shop-ca-secret', '-n', 'cert-manager', '-o', 'jsonpath={.data.tls\\.crt}']);
    cluster.kubectl(['delete', 'secret', 'shop-ca-secret', '-n', 'cert-manager']);
    await until('the authority is issued anew', 60, async () => {
      const now = cluster.kubectl([
        'get',
        'secret',
        'shop-ca-secret',
        '-n',
        'cert-manager',
        '--ignore-not-found',
        '-o',
        'jsonpath={.data.tls\\.crt}',
      ]);
      return now !== '' && now !== before;
    });
    const status = fleetStatus(new Living(await takeSnapshot(cluster.api(), STATUS_RESOURCES)));
    expect(status.certificates.map(({ name, ready, troubles }) => [name, ready, troubles.map(({ kind }) => kind)])).toEqual([
      ['orders-tls', true, ['authority-changed']],
      ['web-tls', true, ['authority-changed']],
    ]);
    expect(cli(['status', '--kubeconfig', cluster.kubeconfig()]).code).toBe(1);
  });

  withCluster('who may read nothing gets an error that names the rights, and exit code 3', () => {
    const { code, stderr } = cli(['status', '--kubeconfig', cluster.kubeconfig('nobody')]);
    expect(code).toBe(3);
    expect(stderr).toContain("Certificates can't be listed");
    expect(stderr).toContain('sentinel-mtls rbac status');
  });
});
