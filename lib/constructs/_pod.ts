import type { k8s } from 'cdk8s-plus-28';
import type { Plan, PortPlan, ServicePlan } from '../fleet/plan.js';
import type { WorkloadKind } from '../fleet/types.js';
import type { Plain } from './_plain.js';
import { plainPortName, serviceLabels } from './names.js';
import type { ContainerFields, FleetOptions, PodFields, PodOptions } from './options.js';
import { environmentVariables, MTLS_GROUP, mtlsMount, mtlsVolume, usesMtls } from './pod-mounts.js';

/** What Pod Security "restricted" asks of a container, and a root file system that nobody writes to. */
const RESTRICTED: Readonly<Record<string, unknown>> = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

/** API group and version of a kind of workload. */
export function workloadApiVersion(kind: WorkloadKind): string {
  return kind === 'CronJob' || kind === 'Job' ? 'batch/v1' : 'apps/v1';
}

/** What Pod Security "restricted" asks of a pod. */
const RESTRICTED_POD: Readonly<Record<string, unknown>> = {
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
  // Group of the mounted files: without it only root could read them.
  fsGroup: MTLS_GROUP,
  fsGroupChangePolicy: 'OnRootMismatch',
};

/** What a fleet alone decides of the fields that an option may set. */
export function podDefaults(
  service: ServicePlan,
): Required<Pick<PodOptions, 'podSecurityContext' | 'securityContext'>> & Pick<PodOptions, 'livenessProbe' | 'readinessProbe'> {
  return {
    podSecurityContext: RESTRICTED_POD,
    securityContext: merged(RESTRICTED, service.workload.securityContext),
    ...probes(service.ports.find(port => port.protocol === 'health')),
  };
}

/** The pod template of a service whose workload is the fleet's own. */
export function podTemplate(
  plan: Plan,
  service: ServicePlan,
  options: FleetOptions,
  restartPolicy?: 'OnFailure',
): Plain<k8s.PodTemplateSpec> {
  const [workload] = service.workload.names;
  const [container = workload] = service.workload.containers;
  const pods = options.services?.[service.name]?.pods ?? {};
  const { podSecurityContext, ...defaults } = podDefaults(service);
  const volumes = [...(usesMtls(service) ? [mtlsVolume(plan, service)] : []), ...(pods.extraVolumes ?? [])];
  return {
    metadata: {
      labels: { ...pods.labels, ...serviceLabels(plan, service), ...service.selectorLabels },
      ...(pods.annotations !== undefined && { annotations: pods.annotations }),
    },
    spec: {
      serviceAccountName: service.serviceAccount,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(restartPolicy && { restartPolicy }),
      ...(options.imagePullSecrets !== undefined && { imagePullSecrets: options.imagePullSecrets }),
      securityContext: pods.podSecurityContext ?? podSecurityContext,
      ...given(pods, POD_FIELDS),
      ...(pods.initContainers !== undefined && { initContainers: pods.initContainers }),
      containers: [containerSpec(plan, service, container, pods, defaults), ...(pods.extraContainers ?? [])],
      ...(volumes.length > 0 && { volumes }),
    },
  };
}

const POD_FIELDS: readonly (keyof PodFields)[] = [
  'nodeSelector',
  'tolerations',
  'affinity',
  'topologySpreadConstraints',
  'priorityClassName',
  'terminationGracePeriodSeconds',
  'runtimeClassName',
  'schedulerName',
  'hostUsers',
  'dnsPolicy',
  'dnsConfig',
  'hostAliases',
];

const CONTAINER_FIELDS: readonly (keyof ContainerFields)[] = ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'];

/** Those options that are there. */
function given<T, K extends keyof T>(options: T, fields: readonly K[]): Pick<T, K> {
  const result = {} as Pick<T, K>;
  for (const field of fields) if (options[field] !== undefined) result[field] = options[field];
  return result;
}

function containerSpec(
  plan: Plan,
  service: ServicePlan,
  name: string,
  pods: PodOptions,
  defaults: Omit<ReturnType<typeof podDefaults>, 'podSecurityContext'>,
): Plain<k8s.Container> {
  const { workload } = service;
  const { securityContext, ...probeDefaults } = defaults;
  const ports = containerPorts(service.ports);
  const command = pods.command ?? workload.command;
  const args = pods.args ?? workload.args;
  const resources = pods.resources ?? (Object.keys(workload.resources).length > 0 ? workload.resources : undefined);
  const mounts = [...(usesMtls(service) ? [mtlsMount(plan)] : []), ...(pods.extraVolumeMounts ?? [])];
  return {
    name,
    image: pods.image ?? workload.image,
    ...given(pods, ['imagePullPolicy']),
    ...(command && { command }),
    ...(args && { args }),
    env: environmentVariables(plan, service, [...(pods.env ?? []), ...(pods.extraEnv ?? [])]),
    ...given(pods, ['envFrom']),
    ...(ports.length > 0 && { ports }),
    ...probeDefaults,
    ...given(pods, CONTAINER_FIELDS),
    ...(resources && { resources }),
    securityContext: pods.securityContext ?? securityContext,
    ...(mounts.length > 0 && { volumeMounts: mounts }),
  };
}

/** One entry a port number and protocol: server-side apply takes them as the key of the list. */
function containerPorts(ports: readonly PortPlan[]): Plain<k8s.ContainerPort>[] {
  const entries = new Map<string, Plain<k8s.ContainerPort>>();
  const add = (name: string, containerPort: number, protocol: string): void => {
    const key = `${containerPort}/${protocol}`;
    if (!entries.has(key)) entries.set(key, { name, containerPort, protocol });
  };
  for (const port of ports) add(port.name, port.targetPort, port.transport);
  for (const port of ports) {
    if (port.mode === 'permissive' && port.plainPort !== undefined) add(plainPortName(port.plainPort), port.plainPort, port.transport);
  }
  return [...entries.values()];
}

/** Only a health port can be probed: the kubelet has no client certificate for one with mutual TLS. */
function probes(health: PortPlan | undefined): Plain<Pick<k8s.Container, 'livenessProbe' | 'readinessProbe'>> {
  if (!health) return {};
  const httpGet = { path: health.path ?? '/healthz', port: health.targetPort, scheme: 'HTTP' };
  return {
    // A minute to come up before the kubelet gives up on the container.
    livenessProbe: { httpGet, periodSeconds: 10, failureThreshold: 6 },
    readinessProbe: { httpGet, periodSeconds: 5, failureThreshold: 2 },
  };
}

/** The second over the first, one level deep: `capabilities: { add: [...] }` keeps `drop: [ALL]`. */
function merged(base: Readonly<Record<string, unknown>>, over: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = result[key];
    result[key] = isMap(below) && isMap(value) ? { ...below, ...value } : value;
  }
  return result;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
