import type { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { Plan, PortPlan, ServicePlan } from '../fleet/plan.js';
import type { Plain } from './_plain.js';
import { podTemplate, workloadApiVersion } from './_pod.js';
import { ExistingWorkloads } from './kustomize-component.js';
import { Manifest } from './manifest.js';
import { plainPortName, serviceLabels } from './names.js';
import type { FleetOptions, KubernetesServiceOptions } from './options.js';
import { type Part, wholeOf } from './part.js';
import { Autoscaler, DisruptionBudget } from './scaling.js';

export interface WorkloadProps {
  readonly plan: Plan;
  /** @default all services */
  readonly part?: Part | undefined;
  /** @default none */
  readonly options?: FleetOptions | undefined;
}

/** ServiceAccount, workload and Service of each service; patches where somebody else deploys the workload. */
export class Workload extends Construct {
  constructor(scope: Construct, id: string, props: WorkloadProps) {
    super(scope, id);
    const { plan, part = wholeOf(plan), options } = props;
    const owners = accountOwners(plan);
    for (const service of part.services) {
      if (service.workload.existing) continue;
      const createServiceAccount = owners.get(accountKey(service)) === service;
      new ServiceWorkload(this, service.name, { plan, service, options, createServiceAccount });
    }
    if (part.last) new ExistingWorkloads(this, 'existing workloads', { plan });
  }
}

const accountKey = (service: ServicePlan): string => `${service.namespace}/${service.serviceAccount}`;

const ownersOf = new WeakMap<Plan, ReadonlyMap<string, ServicePlan>>();

/** The first service with each account: accounts are named apart from services, and one may serve two of them. */
function accountOwners(plan: Plan): ReadonlyMap<string, ServicePlan> {
  const known = ownersOf.get(plan);
  if (known) return known;
  const owners = new Map<string, ServicePlan>();
  for (const service of plan.services) {
    const key = accountKey(service);
    if (!service.workload.existing && !owners.has(key)) owners.set(key, service);
  }
  ownersOf.set(plan, owners);
  return owners;
}

export interface ServiceWorkloadProps {
  readonly plan: Plan;
  readonly service: ServicePlan;
  /** @default true */
  readonly createServiceAccount?: boolean;
  /** @default none */
  readonly options?: FleetOptions | undefined;
}

/** One service that the fleet deploys itself. */
export class ServiceWorkload extends Construct {
  constructor(scope: Construct, id: string, props: ServiceWorkloadProps) {
    super(scope, id);
    const { plan, service, options = {} } = props;
    const own = options.services?.[service.name] ?? {};
    const labels = serviceLabels(plan, service);
    const metadata = { name: service.workload.names[0], namespace: service.namespace, labels };
    const target = { plan, service, apiVersion: workloadApiVersion(service.workload.kind) };
    if (props.createServiceAccount ?? true) {
      new Manifest(this, 'service-account', {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: service.serviceAccount, namespace: service.namespace, labels, ...annotated(own.serviceAccount?.annotations) },
        automountServiceAccountToken: false,
      });
    }
    if (served(service).length > 0) {
      new Manifest(this, 'service', {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: service.name, namespace: service.namespace, labels, ...annotated(own.service?.annotations) },
        spec: serviceSpec(service, own.service ?? {}),
      });
    }
    new Manifest(this, 'workload', {
      apiVersion: target.apiVersion,
      kind: service.workload.kind,
      metadata,
      spec: workloadSpec(plan, service, options),
    });
    if (own.autoscaling) new Autoscaler(this, 'autoscaler', { ...target, options: own.autoscaling });
    if (own.podDisruptionBudget) new DisruptionBudget(this, 'disruption-budget', { ...target, options: own.podDisruptionBudget });
  }
}

const annotated = (
  annotations: Readonly<Record<string, string>> | undefined,
): { readonly annotations?: Readonly<Record<string, string>> } => (annotations === undefined ? {} : { annotations });

function serviceSpec(service: ServicePlan, options: KubernetesServiceOptions): Plain<k8s.ServiceSpec> {
  return {
    ...(options.type !== undefined && { type: options.type }),
    ...(options.ipFamilyPolicy !== undefined && { ipFamilyPolicy: options.ipFamilyPolicy }),
    ...(options.ipFamilies !== undefined && { ipFamilies: options.ipFamilies }),
    // A peer must find a pod of a headless Service by name before both are ready.
    ...(service.headless && { clusterIP: 'None', publishNotReadyAddresses: true }),
    selector: service.selectorLabels,
    ports: servicePorts(service),
  };
}

/** The kubelet probes the pod itself, and nobody else has business at a health port. */
const served = (service: ServicePlan): readonly PortPlan[] => service.ports.filter(port => port.protocol !== 'health');

function servicePorts(service: ServicePlan): Plain<k8s.ServicePort>[] {
  const ports = served(service).map(port => ({
    name: port.name,
    port: port.port,
    targetPort: port.targetPort,
    protocol: port.transport as string,
  }));
  for (const port of service.ports) {
    if (port.mode !== 'permissive' || port.plainPort === undefined) continue;
    ports.push({ name: plainPortName(port.plainPort), port: port.plainPort, targetPort: port.plainPort, protocol: port.transport });
  }
  return ports;
}

function workloadSpec(plan: Plan, service: ServicePlan, options: FleetOptions): Record<string, unknown> {
  const { workload } = service;
  const own = options.services?.[service.name]?.workload ?? {};
  const replicated = 'replicas' in own ? own.replicas : workload.replicas;
  const replicas = replicated !== undefined && { replicas: replicated };
  const selector = { matchLabels: service.selectorLabels };
  const history = {
    ...(own.revisionHistoryLimit !== undefined && { revisionHistoryLimit: own.revisionHistoryLimit }),
    ...(own.minReadySeconds !== undefined && { minReadySeconds: own.minReadySeconds }),
  };
  const updates = own.strategy !== undefined && { updateStrategy: own.strategy };
  switch (workload.kind) {
    case 'Deployment':
      return {
        ...replicas,
        ...history,
        ...(own.strategy !== undefined && { strategy: own.strategy }),
        // 600 s: a first pod waits for its certificate, which the issuer may take minutes to sign.
        progressDeadlineSeconds: 600,
        selector,
        template: podTemplate(plan, service, options),
      };
    case 'StatefulSet':
      return {
        ...replicas,
        ...history,
        ...updates,
        ...(own.podManagementPolicy !== undefined && { podManagementPolicy: own.podManagementPolicy }),
        serviceName: service.name,
        selector,
        template: podTemplate(plan, service, options),
        ...(own.volumeClaimTemplates !== undefined && { volumeClaimTemplates: own.volumeClaimTemplates }),
      };
    case 'DaemonSet':
      return { ...history, ...updates, selector, template: podTemplate(plan, service, options) };
    case 'Job':
      return { template: podTemplate(plan, service, options, 'OnFailure') };
    case 'CronJob':
      return {
        schedule: own.schedule ?? schedule(service),
        concurrencyPolicy: 'Forbid',
        jobTemplate: { spec: { template: podTemplate(plan, service, options, 'OnFailure') } },
      };
    default:
      return workload.kind satisfies never;
  }
}

function schedule(service: ServicePlan): string {
  if (service.workload.schedule !== undefined) return service.workload.schedule;
  throw new Error(`service "${service.name}" is a CronJob without a schedule\n  give it a "schedule", such as "0 3 * * *"`);
}
