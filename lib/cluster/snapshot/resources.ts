/** A resource of the API and which part of it is read. */
export interface Resource {
  /** `certificates.cert-manager.io`, as RBAC and kubectl name it; for a part of one with what tells it apart after a slash. */
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly query: Readonly<Record<string, string>>;
  readonly pageSize: number;
}

interface Extra {
  readonly clusterScoped?: boolean;
  readonly query?: Readonly<Record<string, string>>;
  readonly pageSize?: number;
  /** Tells two parts of one resource apart. */
  readonly part?: string;
}

function resource(group: string, version: string, plural: string, kind: string, extra: Extra = {}): Resource {
  return {
    name: `${plural}${group === '' ? '' : `.${group}`}${extra.part === undefined ? '' : `/${extra.part}`}`,
    group,
    version,
    plural,
    kind,
    namespaced: extra.clusterScoped !== true,
    query: extra.query ?? {},
    pageSize: extra.pageSize ?? 500,
  };
}

const clusterScoped = true;
const events = (part: string, fieldSelector: string): Resource => resource('', 'v1', 'events', 'Event', { part, query: { fieldSelector } });

/** Helm's releases, tokens and registry logins are never asked for: they hold nothing that is looked at, and are large or dangerous. */
const OTHER_SECRETS = [
  'helm.sh/release.v1',
  'kubernetes.io/service-account-token',
  'kubernetes.io/dockerconfigjson',
  'kubernetes.io/basic-auth',
];

const CERT_MANAGER = [
  resource('cert-manager.io', 'v1', 'certificates', 'Certificate'),
  resource('cert-manager.io', 'v1', 'certificaterequests', 'CertificateRequest'),
  resource('cert-manager.io', 'v1', 'issuers', 'Issuer'),
  resource('cert-manager.io', 'v1', 'clusterissuers', 'ClusterIssuer', { clusterScoped }),
];

const CORE = [
  resource('', 'v1', 'namespaces', 'Namespace', { clusterScoped }),
  // 100: a Secret may have a megabyte
  resource('', 'v1', 'secrets', 'Secret', {
    pageSize: 100,
    query: { fieldSelector: OTHER_SECRETS.map(type => `type!=${type}`).join(',') },
  }),
  resource('', 'v1', 'pods', 'Pod'),
];

const REST = [
  resource('apiextensions.k8s.io', 'v1', 'customresourcedefinitions', 'CustomResourceDefinition', { clusterScoped, pageSize: 20 }),
  resource('acme.cert-manager.io', 'v1', 'orders', 'Order'),
  resource('acme.cert-manager.io', 'v1', 'challenges', 'Challenge'),
  resource('trust.cert-manager.io', 'v1alpha1', 'bundles', 'Bundle', { clusterScoped }),
  resource('policy.cert-manager.io', 'v1alpha1', 'certificaterequestpolicies', 'CertificateRequestPolicy', { clusterScoped }),
  resource('', 'v1', 'configmaps', 'ConfigMap', { pageSize: 100 }),
  resource('', 'v1', 'services', 'Service'),
  resource('', 'v1', 'serviceaccounts', 'ServiceAccount'),
  events('requests', 'involvedObject.kind=CertificateRequest'),
  events('certificates', 'involvedObject.kind=Certificate'),
  events('mounts', 'reason=FailedMount'),
  resource('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice'),
  resource('apps', 'v1', 'deployments', 'Deployment'),
  resource('apps', 'v1', 'statefulsets', 'StatefulSet'),
  resource('apps', 'v1', 'daemonsets', 'DaemonSet'),
  resource('networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy'),
  resource('rbac.authorization.k8s.io', 'v1', 'roles', 'Role'),
  resource('rbac.authorization.k8s.io', 'v1', 'rolebindings', 'RoleBinding'),
  resource('rbac.authorization.k8s.io', 'v1', 'clusterroles', 'ClusterRole', { clusterScoped }),
  resource('rbac.authorization.k8s.io', 'v1', 'clusterrolebindings', 'ClusterRoleBinding', { clusterScoped }),
  resource('admissionregistration.k8s.io', 'v1', 'validatingwebhookconfigurations', 'ValidatingWebhookConfiguration', { clusterScoped }),
  resource('admissionregistration.k8s.io', 'v1', 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration', { clusterScoped }),
  resource('storage.k8s.io', 'v1', 'csidrivers', 'CSIDriver', { clusterScoped }),
  resource('monitoring.coreos.com', 'v1', 'servicemonitors', 'ServiceMonitor'),
  resource('monitoring.coreos.com', 'v1', 'podmonitors', 'PodMonitor'),
  resource('monitoring.coreos.com', 'v1', 'prometheusrules', 'PrometheusRule'),
  resource('security.istio.io', 'v1', 'peerauthentications', 'PeerAuthentication'),
];

/** What `status` looks at. */
export const STATUS_RESOURCES: readonly Resource[] = [...CERT_MANAGER, ...CORE];

/** What `doctor` looks at. */
export const DOCTOR_RESOURCES: readonly Resource[] = [...CERT_MANAGER, ...CORE, ...REST];

/** What is looked at before anything is installed: no Secret among it. */
export const PREFLIGHT_RESOURCES: readonly Resource[] = DOCTOR_RESOURCES.filter(
  ({ plural, group }) =>
    ['namespaces', 'customresourcedefinitions', 'deployments', 'daemonsets', 'networkpolicies', 'services', 'endpointslices'].includes(
      plural,
    ) || group === 'admissionregistration.k8s.io',
);

/** Path of a list; of all namespaces when none is named. */
export function listPath({ group, version, plural, namespaced }: Resource, namespace?: string): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return namespaced && namespace !== undefined ? `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}` : `${root}/${plural}`;
}
