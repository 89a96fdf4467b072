import { RealCluster, type Tools, until } from './_cluster.js';

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

/** A cluster with cert-manager's controller, in which the shop's Certificates are ready. */
export async function startShop(tools: Tools): Promise<RealCluster> {
  const cluster = await RealCluster.start(tools);
  try {
    await cluster.installDefinitions();
    await cluster.startController();
    await cluster.apply(OBJECTS);
    await untilReady(cluster, ['orders-tls', 'web-tls']);
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

export async function untilReady(cluster: RealCluster, names: readonly string[]): Promise<void> {
  await until(`Certificates ${names.join(', ')} are ready`, 90, async () => {
    const list = JSON.parse(cluster.kubectl(['get', 'certificates', '-n', 'shop', '-o', 'json'])) as {
      items: { metadata: { name: string }; status?: { conditions?: { type: string; status: string }[] } }[];
    };
    const ready = list.items.filter(({ status }) => status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'));
    return names.every(name => ready.some(({ metadata }) => metadata.name === name));
  });
}
