import type { CertificatePlan, EdgePlan, ExternalEdgePlan, KeyPlan, Plan, PortPlan, ServicePlan, WorkloadPlan } from '../../lib/fleet/plan';

export const LEAF_KEY: KeyPlan = { algorithm: 'RSA', size: 2048, encoding: 'PKCS8', rotationPolicy: 'Always' };
export const CA_KEY: KeyPlan = { algorithm: 'RSA', size: 4096, encoding: 'PKCS8', rotationPolicy: 'Never' };

export const CLUSTER_ISSUER = { name: 'sentinel-ca-issuer', kind: 'ClusterIssuer', group: 'cert-manager.io' } as const;
export const SELFSIGNED_ISSUER = { ...CLUSTER_ISSUER, name: 'sentinel-selfsigned-issuer' } as const;
export const ROOT_ISSUER = { ...CLUSTER_ISSUER, name: 'sentinel-root-issuer' } as const;

export function port(name: string, number: number, over: Partial<PortPlan> = {}): PortPlan {
  return {
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
  };
}

export const healthPort = port('health', 8080, { protocol: 'health', tls: false, path: '/healthz' });
export const metricsPort = port('metrics', 9100, { protocol: 'metrics', tls: false, path: '/metrics' });

export interface ServiceOver extends Partial<Omit<ServicePlan, 'workload' | 'certificate'>> {
  readonly workload?: Partial<WorkloadPlan>;
  readonly certificate?: Partial<CertificatePlan>;
}

export function service(name: string, over: ServiceOver = {}): ServicePlan {
  const namespace = over.namespace ?? 'sentinel-system';
  const spiffeId = `spiffe://sentinel.internal/ns/${namespace}/sa/${name}`;
  return {
    name,
    namespace,
    team: 'platform',
    labels: {},
    selectorLabels: { 'app.kubernetes.io/name': name, 'sentinel-mtls.io/fleet': 'sentinel' },
    spiffeId,
    serviceAccount: name,
    mode: 'strict',
    headless: false,
    fqdn: `${name}.${namespace}.svc.cluster.local`,
    ports: [],
    publicCertificate: undefined,
    ...over,
    workload: {
      kind: 'Deployment',
      names: [name],
      existing: false,
      containers: [name],
      replicas: 1,
      schedule: undefined,
      image: `registry.example.com/sentinel/${name}:1.0.0`,
      command: undefined,
      args: undefined,
      env: [],
      resources: {},
      securityContext: {},
      ...over.workload,
    },
    certificate: {
      secretName: `${name}-tls`,
      commonName: undefined,
      dnsNames: [name, `${name}.${namespace}`, `${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`],
      ipAddresses: [],
      uris: [spiffeId],
      usages: ['digital signature', 'key encipherment', 'server auth', 'client auth'],
      durationSeconds: 2160 * 3600,
      renewBeforeSeconds: 360 * 3600,
      renewBeforePercentage: undefined,
      key: LEAF_KEY,
      subject: undefined,
      ...over.certificate,
    },
  };
}

export function edge(caller: string, callee: string, portName: string, mode: EdgePlan['mode'] = 'strict'): EdgePlan {
  return { caller, callee, port: portName, mode };
}

/** A fleet with one of everything: each kind of workload, an existing one, two namespaces, every kind of external. */
export function sentinelPlan(over: Partial<Plan> = {}): Plan {
  const services: ServicePlan[] = [
    service('control-api', {
      ports: [port('https', 443, { targetPort: 8000 }), healthPort, metricsPort],
      workload: { replicas: 3, resources: { requests: { cpu: '100m', memory: '128Mi' } } },
    }),
    service('infra-adapter', {
      mode: 'permissive',
      ports: [port('grpc', 50051, { protocol: 'grpc', mode: 'permissive', plainPort: 50050 })],
    }),
    service('ledger', {
      namespace: 'sentinel-data',
      headless: true,
      ports: [port('peer', 7000, { targetPort: 7001, protocol: 'tcp' })],
      workload: { kind: 'StatefulSet', replicas: 3 },
    }),
    service('legacy-scheduler', {
      selectorLabels: { app: 'legacy-scheduler' },
      ports: [port('https', 8443)],
      workload: { existing: true, names: ['legacy-scheduler'], containers: ['scheduler'] },
    }),
    service('nightly-report', {
      certificate: { usages: ['digital signature', 'key encipherment', 'client auth'] },
      workload: { kind: 'CronJob', replicas: undefined, schedule: '0 3 * * *' },
    }),
    service('node-agent', { ports: [metricsPort], workload: { kind: 'DaemonSet', replicas: undefined } }),
    service('pipeline-controller', { ports: [port('https', 8443), healthPort] }),
  ];
  const edges: EdgePlan[] = [
    edge('control-api', 'ledger', 'peer'),
    edge('control-api', 'pipeline-controller', 'https'),
    edge('ledger', 'ledger', 'peer'),
    edge('legacy-scheduler', 'control-api', 'https'),
    edge('nightly-report', 'control-api', 'https', 'audit'),
    edge('node-agent', 'control-api', 'https'),
    edge('pipeline-controller', 'control-api', 'https'),
    edge('pipeline-controller', 'infra-adapter', 'grpc', 'permissive'),
    edge('pipeline-controller', 'legacy-scheduler', 'https'),
  ];
  const externalEdges: ExternalEdgePlan[] = [
    { direction: 'in', service: 'control-api', external: 'gateway', port: 'https', mode: 'strict' },
    { direction: 'in', service: 'control-api', external: 'prometheus', port: 'metrics', mode: 'disabled' },
    { direction: 'in', service: 'node-agent', external: 'prometheus', port: 'metrics', mode: 'disabled' },
    { direction: 'out', service: 'ledger', external: 'object-store', port: 'https', mode: 'disabled' },
  ];
  return {
    fleet: 'sentinel',
    environment: 'dev',
    trustDomain: 'sentinel.internal',
    clusterDomain: 'cluster.local',
    namespaces: ['sentinel-data', 'sentinel-system'],
    certManagerNamespace: 'cert-manager',
    labels: {
      'app.kubernetes.io/managed-by': 'sentinel-mtls',
      'app.kubernetes.io/part-of': 'sentinel',
      'sentinel-mtls.io/environment': 'dev',
      'sentinel-mtls.io/fleet': 'sentinel',
    },
    certPath: '/etc/sentinel/certs',
    team: 'platform',
    authority: selfSignedAuthority(),
    publicAuthority: undefined,
    bundle: {
      name: 'sentinel-ca-bundle',
      key: 'ca.crt',
      trustNamespace: 'cert-manager',
      source: { secret: 'sentinel-ca-secret', key: 'tls.crt' },
      furtherRootsLabel: { key: 'sentinel-mtls.io/further-roots', value: 'sentinel' },
    },
    issuance: true,
    otherIssuers: [],
    network: {
      policies: true,
      ownsNamespaces: false,
      dns: [{ namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } }],
      dnsPorts: [
        { port: 53, protocol: 'TCP' },
        { port: 53, protocol: 'UDP' },
      ],
    },
    monitoring: { enabled: true, selectorLabels: { release: 'kube-prometheus-stack' }, runbookBaseUrl: 'docs/runbooks' },
    services,
    externals: [
      {
        name: 'gateway',
        peers: [{ namespace: 'edge', labels: { app: 'gateway' } }],
        spiffeId: 'spiffe://edge.internal/gateway',
        ports: [],
      },
      {
        name: 'object-store',
        peers: [
          { cidr: '203.0.113.0/24', except: ['203.0.113.7/32'] },
          { cidr: '2001:db8::/32', except: [] },
        ],
        spiffeId: undefined,
        ports: [{ name: 'https', port: 443, transport: 'TCP' }],
      },
      {
        name: 'prometheus',
        peers: [{ namespace: 'monitoring', labels: { 'app.kubernetes.io/name': 'prometheus' } }],
        spiffeId: undefined,
        ports: [],
      },
    ],
    edges,
    externalEdges,
    ...over,
  };
}

export function selfSignedAuthority(intermediate = false): Extract<Plan['authority'], { kind: 'selfSigned' }> {
  return {
    kind: 'selfSigned',
    issuerRef: CLUSTER_ISSUER,
    issuerNamespace: undefined,
    root: {
      name: 'sentinel-ca',
      namespace: 'cert-manager',
      secretName: 'sentinel-ca-secret',
      commonName: 'sentinel dev root CA',
      durationSeconds: 87600 * 3600,
      renewBeforeSeconds: 2160 * 3600,
      key: CA_KEY,
      issuerRef: SELFSIGNED_ISSUER,
    },
    intermediate: intermediate
      ? {
          name: 'sentinel-intermediate-ca',
          namespace: 'cert-manager',
          secretName: 'sentinel-intermediate-ca-secret',
          commonName: 'sentinel dev intermediate CA',
          durationSeconds: 17520 * 3600,
          renewBeforeSeconds: 2160 * 3600,
          key: CA_KEY,
          issuerRef: ROOT_ISSUER,
        }
      : undefined,
  };
}

export function vaultAuthority(): Extract<Plan['authority'], { kind: 'vault' }> {
  return {
    kind: 'vault',
    issuerRef: CLUSTER_ISSUER,
    issuerNamespace: undefined,
    vault: {
      server: 'https://vault.example.com',
      path: 'pki_int/sign/sentinel',
      namespace: undefined,
      caBundle: undefined,
      caBundleSecret: { name: 'vault-ca', key: 'ca.crt' },
      auth: {
        kind: 'kubernetes',
        role: 'sentinel',
        mountPath: '/v1/auth/kubernetes',
        serviceAccount: 'sentinel-vault-issuer',
        createServiceAccount: true,
        audiences: [],
      },
    },
  };
}

/** The same plan with one service changed. */
export function withService(plan: Plan, name: string, change: (found: ServicePlan) => ServicePlan): Plan {
  return { ...plan, services: plan.services.map(found => (found.name === name ? change(found) : found)) };
}
