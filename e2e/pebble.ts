import type { Context } from './claim.js';
import { programImage } from './images/catalogue.js';
import { importImage } from './node/containers.js';
import { until } from './node/processes.js';
import { DNS_ADDRESS } from './node/settings.js';
import { pointName, publicServerCertificate } from './public-servers.js';

const NAMESPACE = 'acme';
const NAME = 'acme.example.com';

/** Pebble, Let's Encrypt's small ACME server for tests, as https://acme.example.com/dir. It validates over HTTP as the real one does. */
export async function startPebble(context: Context): Promise<void> {
  const { kubectl } = context;
  const image = programImage('pebble');
  importImage(image.archive);
  kubectl.makeNamespace(NAMESPACE);
  await until('the namespace has its account', 20, () => kubectl.get('serviceaccount', 'default', NAMESPACE) !== undefined);
  const tls = await publicServerCertificate(NAME);
  kubectl.apply([
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'pebble-tls', namespace: NAMESPACE }, stringData: tls },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'pebble', namespace: NAMESPACE },
      data: { 'pebble.json': JSON.stringify(SETTINGS) },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'pebble', namespace: NAMESPACE },
      spec: { selector: { app: 'pebble' }, ports: [{ name: 'https', port: 443, targetPort: 14000 }] },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'pebble', namespace: NAMESPACE, labels: { app: 'pebble' } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: 'pebble',
            image: image.reference,
            args: ['-config', '/settings/pebble.json', '-dnsserver', `${DNS_ADDRESS}:53`],
            env: [{ name: 'PEBBLE_VA_NOSLEEP', value: '1' }],
            readinessProbe: { httpGet: { path: '/dir', port: 14000, scheme: 'HTTPS' }, periodSeconds: 1 },
            volumeMounts: [
              { name: 'tls', mountPath: '/tls' },
              { name: 'settings', mountPath: '/settings' },
            ],
          },
        ],
        volumes: [
          { name: 'tls', secret: { secretName: 'pebble-tls' } },
          { name: 'settings', configMap: { name: 'pebble' } },
        ],
      },
    },
  ]);
  kubectl.untilCondition('pod', ['pebble'], NAMESPACE, 'Ready', 60);
  await pointName(context, NAME, NAMESPACE, 'pebble');
}

/** The root of this run, from Pebble's management port. */
export const pebbleRoot = ({ kubectl }: Context): string =>
  kubectl.run(['get', '--raw', `/api/v1/namespaces/${NAMESPACE}/pods/https:pebble:15000/proxy/roots/0`]);

/** What an ingress does for the solver pods: port 80 of a name leads to them. */
export async function exposeSolvers(context: Context, name: string, namespace: string): Promise<void> {
  context.kubectl.apply([
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'e2e-solvers', namespace },
      spec: { selector: { 'acme.cert-manager.io/http01-solver': 'true' }, ports: [{ port: 80, targetPort: 8089 }] },
    },
  ]);
  await pointName(context, name, namespace, 'e2e-solvers');
}

export const stopPebble = ({ kubectl }: Context): void => kubectl.delete(['namespace', NAMESPACE]);

const SETTINGS = {
  pebble: {
    listenAddress: '0.0.0.0:14000',
    managementListenAddress: '0.0.0.0:15000',
    certificate: '/tls/tls.crt',
    privateKey: '/tls/tls.key',
    httpPort: 80,
    tlsPort: 443,
    ocspResponderURL: '',
    externalAccountBindingRequired: false,
  },
};
