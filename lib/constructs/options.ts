import type { k8s } from 'cdk8s-plus-28';
import type { Plain } from './_plain.js';

type Pod = Plain<k8s.PodSpec>;
type Container = Plain<k8s.Container>;
type Texts = Readonly<Record<string, string>>;

/**
 * What an app or a chart sets beyond the fleet. A fleet says who talks to whom; these say where and how pods run.
 * An option that is absent writes nothing.
 */
export interface FleetOptions {
  /** Registries' Secrets, on every pod. */
  readonly imagePullSecrets?: NonNullable<Pod['imagePullSecrets']>;
  /** By name of the service. */
  readonly services?: Readonly<Record<string, ServiceOptions>>;
}

export interface ServiceOptions {
  readonly pods?: PodOptions;
  readonly workload?: WorkloadOptions;
  readonly service?: KubernetesServiceOptions;
  readonly serviceAccount?: { readonly annotations?: Texts };
  readonly autoscaling?: AutoscalingOptions;
  readonly podDisruptionBudget?: DisruptionBudgetOptions;
  readonly networkPolicy?: NetworkPolicyOptions;
}

/** Fields of the pod that are taken over as they are. */
export type PodFields = Pick<
  Pod,
  | 'nodeSelector'
  | 'tolerations'
  | 'affinity'
  | 'topologySpreadConstraints'
  | 'priorityClassName'
  | 'terminationGracePeriodSeconds'
  | 'runtimeClassName'
  | 'schedulerName'
  | 'hostUsers'
  | 'dnsPolicy'
  | 'dnsConfig'
  | 'hostAliases'
>;

/** Fields of the service's own container that are taken over as they are. */
export type ContainerFields = Pick<
  Container,
  'imagePullPolicy' | 'envFrom' | 'livenessProbe' | 'readinessProbe' | 'startupProbe' | 'lifecycle'
>;

/** Fields of the pod template and of the service's own container. */
export interface PodOptions extends PodFields, ContainerFields {
  readonly labels?: Texts;
  readonly annotations?: Texts;
  /** @default the fleet's image */
  readonly image?: string;
  /** @default the fleet's */
  readonly command?: readonly string[];
  /** @default the fleet's */
  readonly args?: readonly string[];
  /** Wins by name over the fleet's variables and those that say where the certificate lies. */
  readonly env?: NonNullable<Container['env']>;
  /** Wins over `env`. */
  readonly extraEnv?: NonNullable<Container['env']>;
  /** @default the fleet's resources */
  readonly resources?: NonNullable<Container['resources']>;
  /** Of the container. @default what Pod Security "restricted" asks for, and the fleet's */
  readonly securityContext?: NonNullable<Container['securityContext']>;
  /** Of the pod. @default what Pod Security "restricted" asks for */
  readonly podSecurityContext?: NonNullable<Pod['securityContext']>;
  readonly extraVolumes?: NonNullable<Pod['volumes']>;
  readonly extraVolumeMounts?: NonNullable<Container['volumeMounts']>;
  readonly extraContainers?: readonly Container[];
  readonly initContainers?: readonly Container[];
}

/** Fields of the Deployment, StatefulSet, DaemonSet, Job or CronJob. */
export interface WorkloadOptions {
  /** @default the fleet's replicas */
  readonly replicas?: number | undefined;
  /** `strategy` of a Deployment, `updateStrategy` of a StatefulSet or DaemonSet. */
  readonly strategy?: Plain<k8s.DeploymentStrategy | k8s.StatefulSetUpdateStrategy | k8s.DaemonSetUpdateStrategy>;
  readonly revisionHistoryLimit?: number;
  readonly minReadySeconds?: number;
  /** Of a StatefulSet. */
  readonly podManagementPolicy?: string;
  /** Of a StatefulSet. */
  readonly volumeClaimTemplates?: NonNullable<Plain<k8s.StatefulSetSpec>['volumeClaimTemplates']>;
  /** Of a CronJob. @default the fleet's schedule */
  readonly schedule?: string;
}

/** Fields of the Service. */
export interface KubernetesServiceOptions {
  readonly type?: string;
  readonly annotations?: Texts;
  readonly ipFamilyPolicy?: string;
  readonly ipFamilies?: readonly string[];
}

/** A HorizontalPodAutoscaler (autoscaling/v2) for a Deployment or StatefulSet. */
export interface AutoscalingOptions {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly metrics: readonly Plain<k8s.MetricSpecV2>[];
  readonly behavior?: Plain<k8s.HorizontalPodAutoscalerBehaviorV2>;
}

/** A PodDisruptionBudget (policy/v1); one of the two limits. */
export interface DisruptionBudgetOptions {
  readonly minAvailable?: number | string | undefined;
  readonly maxUnavailable?: number | string | undefined;
  readonly unhealthyPodEvictionPolicy?: string;
}

/** Rules beside those of the declared calls. */
export interface NetworkPolicyOptions {
  readonly extraIngress?: readonly Plain<k8s.NetworkPolicyIngressRule>[];
  readonly extraEgress?: readonly Plain<k8s.NetworkPolicyEgressRule>[];
}
