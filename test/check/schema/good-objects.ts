type Body = Readonly<Record<string, unknown>>;

/** How to break a good object: each edit must be refused at the place named. */
export interface Specimen {
  readonly object: Body;
  /** Dotted path of a field, and the misspelling that replaces its last part. */
  readonly typo: readonly [path: string, misspelt: string];
  /** Dotted path of a field with a closed list of values, where the kind has one. */
  readonly enumAt?: string;
  /** Dotted path of a field that can't hold a list. */
  readonly typedAt: string;
}

const object = (apiVersion: string, kind: string, rest: Body, scope?: 'cluster'): Body => ({
  apiVersion,
  kind,
  metadata: { name: 'control-api', ...(scope ? {} : { namespace: 'drone' }), labels: { 'app.kubernetes.io/name': 'control-api' } },
  ...rest,
});

const selector = { matchLabels: { 'app.kubernetes.io/name': 'control-api' } };
const template = {
  metadata: { labels: { 'app.kubernetes.io/name': 'control-api' }, annotations: { 'prometheus.io/port': '9090' } },
  spec: {
    serviceAccountName: 'control-api',
    automountServiceAccountToken: false,
    restartPolicy: 'Always',
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'app',
        image: 'registry.example.com/control-api:1',
        imagePullPolicy: 'IfNotPresent',
        ports: [{ name: 'https', containerPort: 8443, protocol: 'TCP' }],
        resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: 1, memory: '1e3' } },
        livenessProbe: { httpGet: { path: '/livez', port: 'https', scheme: 'HTTPS' } },
        securityContext: { capabilities: { drop: ['ALL'] } },
        volumeMounts: [{ name: 'tls', mountPath: '/tls', readOnly: true }],
      },
    ],
    volumes: [{ name: 'tls', projected: { defaultMode: 288, sources: [{ secret: { name: 'control-api-tls' } }] } }],
  },
};
const once = { ...template, spec: { ...template.spec, restartPolicy: 'OnFailure' } };
const podTemplate = 'spec.template.spec.containers.0';
const ca = { ca: { secretName: 'root' } };
const endpoint = {
  port: 'metrics',
  scheme: 'https',
  interval: '30s',
  relabelings: [{ action: 'replace', targetLabel: 'job', replacement: 'x' }],
};
const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }];
const binding = (kind: string) => ({
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: 'system:reader' },
  subjects: [{ kind: 'ServiceAccount', name: 'control-api', namespace: 'drone' }],
});

export const SPECIMENS: readonly Specimen[] = [
  { object: object('v1', 'Namespace', {}, 'cluster'), typo: ['metadata.labels', 'lables'], typedAt: 'metadata.name' },
  {
    object: object('v1', 'ServiceAccount', { automountServiceAccountToken: false }),
    typo: ['automountServiceAccountToken', 'autoMountServiceAccountToken'],
    typedAt: 'automountServiceAccountToken',
  },
  {
    object: object('v1', 'Service', {
      spec: { type: 'ClusterIP', selector: { a: 'b' }, ports: [{ name: 'https', port: 443, targetPort: 'https' }] },
    }),
    typo: ['spec.ports.0.targetPort', 'targetport'],
    enumAt: 'spec.type',
    typedAt: 'spec.ports.0.port',
  },
  { object: object('v1', 'ConfigMap', { data: { 'policy.json': '{}' } }), typo: ['data', 'dta'], typedAt: 'data.policy\\.json' },
  { object: object('v1', 'Secret', { type: 'Opaque', data: { 'ca.crt': 'YQ==' } }), typo: ['data', 'date'], typedAt: 'data' },
  {
    object: object('apps/v1', 'Deployment', { spec: { replicas: 2, selector, strategy: { type: 'RollingUpdate' }, template } }),
    typo: [`${podTemplate}.imagePullPolicy`, 'imagepullPolicy'],
    enumAt: 'spec.strategy.type',
    typedAt: `${podTemplate}.ports.0.containerPort`,
  },
  {
    object: object('apps/v1', 'StatefulSet', { spec: { serviceName: 'x', selector, podManagementPolicy: 'Parallel', template } }),
    typo: ['spec.podManagementPolicy', 'podManagmentPolicy'],
    enumAt: 'spec.podManagementPolicy',
    typedAt: 'spec.serviceName',
  },
  {
    object: object('apps/v1', 'DaemonSet', { spec: { selector, updateStrategy: { type: 'OnDelete' }, template } }),
    typo: ['spec.updateStrategy', 'updatestrategy'],
    enumAt: `${podTemplate}.imagePullPolicy`,
    typedAt: 'spec.template',
  },
  {
    object: object('batch/v1', 'Job', { spec: { backoffLimit: 2, template: once } }),
    typo: ['spec.backoffLimit', 'backOffLimit'],
    enumAt: 'spec.template.spec.restartPolicy',
    typedAt: 'spec.backoffLimit',
  },
  {
    object: object('batch/v1', 'CronJob', {
      spec: { schedule: '0 3 * * *', concurrencyPolicy: 'Forbid', jobTemplate: { spec: { template: once } } },
    }),
    typo: ['spec.jobTemplate.spec.template', 'templates'],
    enumAt: 'spec.concurrencyPolicy',
    typedAt: 'spec.schedule',
  },
  {
    object: object('networking.k8s.io/v1', 'NetworkPolicy', {
      spec: {
        podSelector: selector,
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: [{ podSelector: selector, namespaceSelector: {} }], ports: [{ protocol: 'TCP', port: 8443 }] }],
        egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }], ports: [{ protocol: 'UDP', port: 'dns' }] }],
      },
    }),
    typo: ['spec.ingress.0.from.0.namespaceSelector', 'nameSpaceSelector'],
    enumAt: 'spec.policyTypes.0',
    typedAt: 'spec.egress.0.to.0.ipBlock.cidr',
  },
  {
    object: object('policy/v1', 'PodDisruptionBudget', {
      spec: { minAvailable: '50%', selector, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
    }),
    typo: ['spec.minAvailable', 'minAvailible'],
    enumAt: 'spec.unhealthyPodEvictionPolicy',
    typedAt: 'spec.minAvailable',
  },
  { object: object('rbac.authorization.k8s.io/v1', 'Role', { rules }), typo: ['rules.0.verbs', 'verb'], typedAt: 'rules.0.verbs.0' },
  { object: object('rbac.authorization.k8s.io/v1', 'RoleBinding', binding('Role')), typo: ['roleRef', 'roleref'], typedAt: 'roleRef.name' },
  {
    object: object('rbac.authorization.k8s.io/v1', 'ClusterRole', { rules }, 'cluster'),
    typo: ['rules', 'rule'],
    typedAt: 'rules.0.apiGroups.0',
  },
  {
    object: object('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', binding('ClusterRole'), 'cluster'),
    typo: ['subjects', 'subject'],
    typedAt: 'subjects.0.namespace',
  },
  {
    object: object('cert-manager.io/v1', 'Certificate', {
      spec: {
        secretName: 'control-api-tls',
        duration: '2160h0m0s',
        renewBefore: '720h0m0s',
        dnsNames: ['control-api.drone.svc'],
        uris: ['spiffe://example.org/ns/drone/sa/control-api'],
        usages: ['digital signature', 'server auth', 'client auth'],
        privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Always' },
        issuerRef: { name: 'drone', kind: 'ClusterIssuer', group: 'cert-manager.io' },
        revisionHistoryLimit: 2,
      },
    }),
    typo: ['spec.duration', 'durration'],
    enumAt: 'spec.usages.1',
    typedAt: 'spec.privateKey.size',
  },
  {
    object: object(
      'cert-manager.io/v1',
      'ClusterIssuer',
      {
        spec: {
          acme: {
            server: 'https://acme.example.com/dir',
            email: 'ops@example.com',
            preferredChain: 'X1',
            privateKeySecretRef: { name: 'account' },
            solvers: [{ dns01: { cnameStrategy: 'Follow', webhook: { groupName: 'a.b', solverName: 'c', config: { any: ['thing'] } } } }],
          },
        },
      },
      'cluster',
    ),
    typo: ['spec.acme.preferredChain', 'preferedChain'],
    enumAt: 'spec.acme.solvers.0.dns01.cnameStrategy',
    typedAt: 'spec.acme.email',
  },
  {
    object: object('cert-manager.io/v1', 'Issuer', { spec: ca }),
    typo: ['spec.ca.secretName', 'secretname'],
    typedAt: 'spec.ca.secretName',
  },
  {
    object: object(
      'policy.cert-manager.io/v1alpha1',
      'CertificateRequestPolicy',
      {
        spec: {
          allowed: { dnsNames: { values: ['a.drone.svc'], required: true }, usages: ['server auth'], uris: { values: ['spiffe://x/*'] } },
          constraints: { maxDuration: '2160h', privateKey: { algorithm: 'ECDSA', minSize: 256 } },
          selector: { issuerRef: { name: 'drone', kind: 'Issuer', group: 'cert-manager.io' }, namespace: { matchNames: ['drone'] } },
        },
      },
      'cluster',
    ),
    typo: ['spec.constraints.maxDuration', 'maxduration'],
    enumAt: 'spec.allowed.usages.0',
    typedAt: 'spec.selector.namespace.matchNames',
  },
  {
    object: object(
      'trust.cert-manager.io/v1alpha1',
      'Bundle',
      {
        spec: {
          sources: [{ secret: { name: 'root', key: 'ca.crt' } }],
          target: { configMap: { key: 'ca.pem' }, namespaceSelector: selector },
        },
      },
      'cluster',
    ),
    typo: ['spec.target.namespaceSelector', 'nameSpaceSelector'],
    typedAt: 'spec.sources.0.secret.key',
  },
  {
    object: object(
      'trust-manager.io/v1alpha2',
      'ClusterBundle',
      {
        spec: {
          sourceRefs: [{ kind: 'Secret', name: 'root', key: 'ca.crt' }],
          target: { configMap: { data: [{ key: 'ca.pem' }] }, namespaceSelector: {} },
        },
      },
      'cluster',
    ),
    typo: ['spec.sourceRefs', 'sourceRef'],
    enumAt: 'spec.sourceRefs.0.kind',
    typedAt: 'spec.sourceRefs.0.name',
  },
  {
    object: object('monitoring.coreos.com/v1', 'PrometheusRule', {
      spec: {
        groups: [
          {
            name: 'tls',
            rules: [
              { alert: 'A', expr: 'up == 0', for: '5m', labels: { severity: 'x' } },
              { record: 'a:b', expr: 1 },
            ],
          },
        ],
      },
    }),
    typo: ['spec.groups.0.rules.0.expr', 'exp'],
    typedAt: 'spec.groups.0.rules.0.for',
  },
  {
    object: object('monitoring.coreos.com/v1', 'ServiceMonitor', { spec: { selector, endpoints: [endpoint] } }),
    typo: ['spec.endpoints.0.interval', 'intervall'],
    enumAt: 'spec.endpoints.0.scheme',
    typedAt: 'spec.endpoints.0.port',
  },
  {
    object: object('monitoring.coreos.com/v1', 'PodMonitor', { spec: { selector, podMetricsEndpoints: [endpoint] } }),
    typo: ['spec.podMetricsEndpoints', 'endpoints'],
    enumAt: 'spec.podMetricsEndpoints.0.relabelings.0.action',
    typedAt: 'spec.podMetricsEndpoints.0.interval',
  },
  {
    object: { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources: ['a.yaml'], commonLabels: { a: 'b' } },
    typo: ['resources', 'resource'],
    typedAt: 'resources.0',
  },
];
