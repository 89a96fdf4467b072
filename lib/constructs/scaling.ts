import { Construct } from 'constructs';
import type { Plan, ServicePlan } from '../fleet/plan.js';
import { Manifest } from './manifest.js';
import { serviceLabels } from './names.js';
import type { AutoscalingOptions, DisruptionBudgetOptions } from './options.js';

export interface ScalingProps<Options> {
  readonly plan: Plan;
  readonly service: ServicePlan;
  /** `apiVersion` of the workload. */
  readonly apiVersion: string;
  readonly options: Options;
}

/** A HorizontalPodAutoscaler (autoscaling/v2) of one workload. */
export class Autoscaler extends Construct {
  constructor(scope: Construct, id: string, props: ScalingProps<AutoscalingOptions>) {
    super(scope, id);
    const { plan, service, apiVersion, options } = props;
    const [name] = service.workload.names;
    new Manifest(this, 'autoscaler', {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name, namespace: service.namespace, labels: serviceLabels(plan, service) },
      spec: {
        scaleTargetRef: { apiVersion, kind: service.workload.kind, name },
        minReplicas: options.minReplicas,
        maxReplicas: options.maxReplicas,
        metrics: options.metrics,
        ...(options.behavior !== undefined && { behavior: options.behavior }),
      },
    });
  }
}

/** A PodDisruptionBudget (policy/v1) of one workload. */
export class DisruptionBudget extends Construct {
  constructor(scope: Construct, id: string, props: ScalingProps<DisruptionBudgetOptions>) {
    super(scope, id);
    const { plan, service, options } = props;
    new Manifest(this, 'budget', {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: service.workload.names[0], namespace: service.namespace, labels: serviceLabels(plan, service) },
      spec: {
        ...(options.minAvailable !== undefined && { minAvailable: options.minAvailable }),
        ...(options.maxUnavailable !== undefined && { maxUnavailable: options.maxUnavailable }),
        ...(options.unhealthyPodEvictionPolicy !== undefined && { unhealthyPodEvictionPolicy: options.unhealthyPodEvictionPolicy }),
        selector: { matchLabels: service.selectorLabels },
      },
    });
  }
}
