import { fleetStatus, Living, STATUS_RESOURCES, takeSnapshot } from '../../../lib/cluster/index.js';
import { cli } from '../../cli/_cli.js';
import { clusterTools, RealCluster, until } from './_cluster.js';

const tools = clusterTools();
const withCluster = tools === undefined ? test.skip : test;

jest.setTimeout(240_000);

/** An authority of its own, and a Certificate of a fleet from it. */
const OBJECTS = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'cert-manager' } },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
  { apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer', metadata: { name: 'self' }, spec: { selfSigned: {} } },
  {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: 'shop-ca', namespace: 'cert-manager' },
    spec: {
      secretName: 'shop-ca-secret',
      commonName: 'shop CA',
      isCA: true,
      duration: '87600h',
      privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
      issuerRef: { name: 'self', kind: 'ClusterIssuer' },
    },
  },
  {
    apiVersion: 'cert-manager.io/v1',
    kind: 'ClusterIssuer',
    metadata: { name: 'shop-ca-issuer' },
    spec: { ca: { secretName: 'shop-ca-secret' } },
  },
  ...['orders', 'web'].map(name => ({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: `${name}-tls`, namespace: 'shop', labels: { 'sentinel-mtls.io/fleet': 'shop' } },
    spec: {
      secretName: `${name}-tls`,
      dnsNames: [`${name}.shop.svc`],
      duration: '2160h',
      usages: ['digital signature', 'server auth', 'client auth'],
      privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Always' },
      issuerRef: { name: 'shop-ca-issuer', kind: 'ClusterIssuer' },
    },
  })),
];

describe('a cluster with the controller of cert-manager', () => {
  let cluster: RealCluster;

  beforeAll(async () => {
    if (tools === undefined) return;
    cluster = await RealCluster.start(tools);
    await cluster.installDefinitions();
    await cluster.startController();
    await cluster.apply(OBJECTS);
    await until('both Certificates are ready', 90, async () => {
      const list = JSON.parse(cluster.kubectl(['get', 'certificates', '-n', 'shop', '-o', 'json'])) as {
        items: { status?: { conditions?: { type: string; status: string }[] } }[];
      };
      return (
        list.items.filter(({ status }) => status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')).length ===
        2
      );
    });
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
