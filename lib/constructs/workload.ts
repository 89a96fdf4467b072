import type { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { Plan, PortPlan, ServicePlan } from '../fleet/plan.js';
import type { Plain } from './_plain.js';
import { podTemplate, workloadApiVersion } from './_pod.js';
import { ExistingWorkloads } from './kustomize-component.js';
import { Manifest } from './manifest.js';
import { plainPortName, serviceLabels } from './names.js';

export interface WorkloadProps {
  readonly plan: Plan;
}

/** ServiceAccount, workload and Service of each service; patches where somebody else deploys the workload. */
export class Workload extends Construct {
  constructor(scope: Construct, id: string, props: WorkloadProps) {
    super(scope, id);
    const { plan } = props;
    // Accounts are named apart from services, and one may serve two of them.
    const accounts = new Set<string>();
    for (const service of plan.services) {
      if (service.workload.existing) continue;
      const account = `${service.namespace}/${service.serviceAccount}`;
      new ServiceWorkload(this, service.name, { plan, service, createServiceAccount: !accounts.has(account) });
      accounts.add(account);
    }
    new ExistingWorkloads(this, 'existing workloads', { plan });
  }
}

export interface ServiceWorkloadProps {
  readonly plan: Plan;
  readonly service: ServicePlan;
  /** @default true */
  readonly createServiceAccount?: boolean;
}

/** One service that the fleet deploys itself. */
export class ServiceWorkload extends Construct {
  constructor(scope: Construct, id: string, props: ServiceWorkloadProps) {
    super(scope, id);
    const { plan, service } = props;
    const labels = serviceLabels(plan, service);
    if (props.createServiceAccount ?? true) {
      new Manifest(this, 'service-account', {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: service.serviceAccount, namespace: service.namespace, labels },
        automountServiceAccountToken: false,
      });
    }
    if (served(service).length > 0) {
      new Manifest(this, 'service', {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: service.name, namespace: service.namespace, labels },
        spec: serviceSpec(service),
      });
    }
    new Manifest(this, 'workload', {
      apiVersion: workloadApiVersion(service.workload.kind),
      kind: service.workload.kind,
      metadata: { name: service.workload.names[0], namespace: service.namespace, labels },
      spec: workloadSpec(plan, service),
    });
  }
}

function serviceSpec(service: ServicePlan): Plain<k8s.ServiceSpec> {
  return {
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

function workloadSpec(plan: Plan, service: ServicePlan): Record<string, unknown> {
  const { workload } = service;
  const replicas = workload.replicas !== undefined && { replicas: workload.replicas };
  const selector = { matchLabels: service.selectorLabels };
  switch (workload.kind) {
    case 'Deployment':
      // 600 s: a first pod waits for its certificate, which the issuer may take minutes to sign.
      return { ...replicas, progressDeadlineSeconds: 600, selector, template: podTemplate(plan, service) };
    case 'StatefulSet':
      return { ...replicas, serviceName: service.name, selector, template: podTemplate(plan, service) };
    case 'DaemonSet':
      return { selector, template: podTemplate(plan, service) };
    case 'Job':
      return { template: podTemplate(plan, service, 'OnFailure') };
    case 'CronJob':
      return {
        schedule: schedule(service),
        concurrencyPolicy: 'Forbid',
        jobTemplate: { spec: { template: podTemplate(plan, service, 'OnFailure') } },
      };
    default:
      return workload.kind satisfies never;
  }
}

function schedule(service: ServicePlan): string {
  if (service.workload.schedule !== undefined) return service.workload.schedule;
  throw new Error(`service "${service.name}" is a CronJob without a schedule\n  give it a "schedule", such as "0 3 * * *"`);
}
