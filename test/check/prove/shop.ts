import type { CertificatePlan, EdgePlan, KeyPlan, Plan, PortPlan, ServicePlan } from '../../../lib/fleet/plan.js';
import type { Policy } from '../../../lib/fleet/policy.js';
import type { Usage } from '../../../lib/fleet/types.js';
import type { KubernetesObject } from '../../../lib/objects/index.js';

/** A plan of three services and the manifests that belong to it, written by hand: no construct has a part in it. */

const NAMESPACE = 'shop';
const LABELS = { 'sentinel-mtls.io/fleet': 'shop' };
const ISSUER = { name: 'shop-ca-issuer', kind: 'ClusterIssuer', group: 'cert-manager.io' };
const ROOT_KEY: KeyPlan = { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Never' };

const EDGES: readonly EdgePlan[] = [
  { caller: 'cart', callee: 'ledger', port: 'grpc', mode: 'strict' },
  { caller: 'web', callee: 'cart', port: 'https', mode: 'strict' },
];

const key = (algorithm: KeyPlan['algorithm'], size: number | undefined): KeyPlan => ({
  algorithm,
  size,
  encoding: 'PKCS8',
  rotationPolicy: 'Always',
});
const port = (name: string, number: number, over: Partial<PortPlan> = {}): PortPlan => ({
  name,
  port: number,
  targetPort: number,
  protocol: 'https',
  transport: 'TCP',
  tls: true,
  mode: 'strict',
  plainPort: undefined,
  path: undefined,
  ...over,
});

function service(name: string, keyPlan: KeyPlan, roles: readonly Usage[], ports: readonly PortPlan[]): ServicePlan {
  const fqdn = `${name}.${NAMESPACE}.svc.cluster.local`;
  const spiffeId = `spiffe://shop.example/ns/${NAMESPACE}/sa/${name}`;
  const certificate: CertificatePlan = {
    secretName: `${name}-tls`,
    commonName: undefined,
    dnsNames: [name, `${name}.${NAMESPACE}`, `${name}.${NAMESPACE}.svc`, fqdn],
    ipAddresses: [],
    uris: [spiffeId],
    usages: ['digital signature', 'key encipherment', ...roles],
    durationSeconds: 2160 * 3600,
    renewBeforeSeconds: 360 * 3600,
    renewBeforePercentage: undefined,
    key: keyPlan,
    subject: undefined,
  };
  return {
    name,
    namespace: NAMESPACE,
    team: 'platform',
    labels: {},
    selectorLabels: { 'app.kubernetes.io/name': name },
    spiffeId,
    serviceAccount: name,
    mode: 'strict',
    headless: false,
    fqdn,
    ports,
    workload: {
      kind: 'Deployment',
      name,
      existing: false,
      containers: [name],
      replicas: 1,
      schedule: undefined,
      image: `example.com/${name}:1`,
      command: undefined,
      args: undefined,
      env: [],
      resources: {},
      securityContext: {},
    } as unknown as ServicePlan['workload'],
    certificate,
    publicCertificate: undefined,
  } as ServicePlan;
}

/** web → cart → ledger; RSA, ECDSA and Ed25519. Nobody calls web. */
export function shopPlan(): Plan {
  return {
    fleet: 'shop',
    environment: 'dev',
    trustDomain: 'shop.example',
    clusterDomain: 'cluster.local',
    namespaces: [NAMESPACE],
    certManagerNamespace: 'cert-manager',
    labels: LABELS,
    certPath: '/etc/sentinel/certs',
    team: 'platform',
    authority: {
      kind: 'selfSigned',
      issuerRef: ISSUER,
      issuerNamespace: undefined,
      root: {
        name: 'shop-root-ca',
        namespace: 'cert-manager',
        secretName: 'shop-root-ca',
        commonName: 'shop dev root CA',
        durationSeconds: 87_600 * 3600,
        renewBeforeSeconds: 2160 * 3600,
        key: ROOT_KEY,
        issuerRef: { name: 'shop-selfsigned', kind: 'ClusterIssuer', group: 'cert-manager.io' },
      },
      intermediate: undefined,
    },
    publicAuthority: undefined,
    bundle: {
      name: 'shop-ca-bundle',
      key: 'ca.crt',
      trustNamespace: 'cert-manager',
      source: { secret: 'shop-root-ca', key: 'ca.crt' },
      furtherRootsLabel: { key: 'sentinel-mtls.io/roots', value: 'shop' },
    },
    issuance: false,
    otherIssuers: [],
    network: { policies: true, ownsNamespaces: false, dns: [], dnsPorts: [] },
    monitoring: { enabled: false, selectorLabels: {}, runbookBaseUrl: 'docs/runbooks' },
    services: [
      service(
        'cart',
        key('ECDSA', 256),
        ['server auth', 'client auth'],
        [port('https', 8443), port('health', 8080, { protocol: 'health', tls: false })],
      ),
      service('ledger', key('Ed25519', undefined), ['server auth'], [port('grpc', 50_051, { protocol: 'grpc' })]),
      service('web', key('RSA', 2048), ['server auth', 'client auth'], [port('https', 443, { targetPort: 8443 })]),
    ],
    externals: [],
    edges: EDGES,
    externalEdges: [],
  } as unknown as Plan;
}

/** Hand-made manifests of `shopPlan`; every call makes new ones, so that a test may change them. */
export function shopObjects(): MutableObject[] {
  const plan = shopPlan();
  const named = (name: string, namespace?: string) => ({ name, ...(namespace && { namespace }), labels: { ...LABELS } });
  const objects = [
    { apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer', metadata: named('shop-selfsigned'), spec: { selfSigned: {} } },
    {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: named('shop-root-ca', 'cert-manager'),
      spec: {
        isCA: true,
        secretName: 'shop-root-ca',
        commonName: 'shop dev root CA',
        usages: ['digital signature', 'cert sign', 'crl sign'],
        duration: '87600h0m0s',
        renewBefore: '2160h0m0s',
        privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Never' },
        issuerRef: { name: 'shop-selfsigned', kind: 'ClusterIssuer', group: 'cert-manager.io' },
      },
    },
    {
      apiVersion: 'cert-manager.io/v1',
      kind: 'ClusterIssuer',
      metadata: named('shop-ca-issuer'),
      spec: { ca: { secretName: 'shop-root-ca' } },
    },
    {
      apiVersion: 'trust.cert-manager.io/v1alpha1',
      kind: 'Bundle',
      metadata: named('shop-ca-bundle'),
      spec: { sources: [{ secret: { name: 'shop-root-ca', key: 'ca.crt' } }], target: { configMap: { key: 'ca.crt' } } },
    },
    ...plan.services.map(({ name, certificate }) => ({
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: named(`${name}-tls`, NAMESPACE),
      spec: {
        secretName: `${name}-tls`,
        dnsNames: [...certificate.dnsNames],
        uris: [...certificate.uris],
        usages: [...certificate.usages],
        duration: '2160h0m0s',
        renewBefore: '360h0m0s',
        privateKey: { ...certificate.key },
        issuerRef: { ...ISSUER },
      },
    })),
    policyObject('cart', [{ name: 'https', port: 8443, callers: ['web'] }], [{ service: 'ledger', name: 'grpc', port: 50_051 }]),
    policyObject('ledger', [{ name: 'grpc', port: 50_051, callers: ['cart'] }], []),
    policyObject('web', [{ name: 'https', port: 8443, callers: [] }], [{ service: 'cart', name: 'https', port: 8443 }]),
  ];
  return structuredClone(objects) as unknown as MutableObject[];
}

const spiffe = (name: string): string => `spiffe://shop.example/ns/${NAMESPACE}/sa/${name}`;

function policyObject(
  name: string,
  server: { name: string; port: number; callers: string[] }[],
  client: { service: string; name: string; port: number }[],
) {
  const policy: Policy = {
    version: 1,
    fleet: 'shop',
    environment: 'dev',
    service: name,
    spiffeId: spiffe(name),
    mode: 'strict',
    server: server.map(({ name, port, callers }) => ({
      name,
      port,
      mode: 'strict',
      allow: callers.map(caller => ({ spiffeId: spiffe(caller), mode: 'strict' })),
    })),
    client: client.map(peer => ({
      ...peer,
      host: `${peer.service}.${NAMESPACE}.svc.cluster.local`,
      spiffeId: spiffe(peer.service),
      mode: 'strict',
    })),
  };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `${name}-mtls-policy`, namespace: NAMESPACE, labels: { ...LABELS } },
    data: { 'policy.json': JSON.stringify(policy, null, 2) },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: mutations of a test reach anywhere into an object
export type MutableObject = KubernetesObject & { spec: any; data: Record<string, string> };

export function find(objects: readonly MutableObject[], kind: string, name: string): MutableObject {
  const found = objects.find(object => object.kind === kind && object.metadata.name === name);
  if (!found) throw new Error(`the fixture has no ${kind} ${name}`);
  return found;
}

type Mutable<T> = T extends readonly (infer E)[] ? Mutable<E>[] : T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;

/** Changes the policy.json of a service in place. */
export function changePolicy(objects: readonly MutableObject[], service: string, change: (policy: Mutable<Policy>) => void): void {
  const object = find(objects, 'ConfigMap', `${service}-mtls-policy`);
  const policy = JSON.parse(object.data['policy.json'] ?? '') as Mutable<Policy>;
  change(policy);
  object.data['policy.json'] = JSON.stringify(policy);
}
