import { podDefaults, type ServiceOptions } from '../../constructs/index.js';
import type { ServicePlan } from '../../fleet/index.js';
import { canonicalDuration } from '../../pki/index.js';
import { BOOLEAN, COUNT_OR_PERCENT, count, DURATION_SCHEMA, MAP, MAPS, STRING, STRING_MAP, STRINGS } from './_schemas.js';
import { Call } from './call.js';
import { all, filled, not } from './condition.js';
import { as, When } from './expression.js';
import type { GlobalValues } from './global-values.js';
import { DURATION, IMAGE } from './helpers.js';
import { ImageBlock, imageOf } from './image.js';
import type { Param, ParamProps, ValueSchema } from './param.js';
import type { FleetPlans } from './plans.js';
import { open } from './values.js';

export type ServiceValues = ReturnType<typeof serviceValues>;

/** The values of one service, and the options that its constructs get from them. */
export function serviceValues(name: string, key: string, plans: FleetPlans, global: GlobalValues) {
  const { values } = global;
  const of = (environment: string): ServicePlan => plans.service(environment, name);
  const [firstEnvironment = ''] = plans.environments;
  const service = of(firstEnvironment);
  const param = (path: string, props: Omit<ParamProps, 'path'>): Param => values.param({ ...props, path: `${key}.${path}` });
  const perEnvironment = (
    path: string,
    props: Omit<ParamProps, 'path' | 'value' | 'fallback'>,
    value: (plan: ServicePlan) => unknown,
  ): Param => values.ofEnvironment({ ...props, path: `${key}.${path}` }, environment => value(of(environment)));
  const flag = (path: string, doc: string, value: boolean): Param => param(path, { kind: 'boolean', doc, schema: BOOLEAN, value });
  const map = (path: string, doc: string, schema: ValueSchema = MAP, value: unknown = {}): Param =>
    param(path, { kind: 'map', doc, schema, value });
  const list = (path: string, doc: string, schema: ValueSchema = MAPS, value: unknown = []): Param =>
    param(path, { kind: 'list', doc, schema, value });
  const text = (path: string, doc: string, schema: ValueSchema = STRING): Param =>
    param(path, { kind: 'string', doc, schema, value: '', optional: true });
  const number = (path: string, doc: string, minimum: number): Param =>
    param(path, { kind: 'integer', doc, schema: open(count(minimum), null), value: null, optional: true });

  const enabled = flag('enabled', 'Render the service at all', true);
  const workload = service.workload.existing ? undefined : workloadValues();
  const createCertificate = flag('certificate.create', 'The Certificate; false: somebody else fills its Secret', true);
  const certificate = {
    create: createCertificate,
    duration: certificateDuration(
      'duration',
      'Lifetime of the certificate',
      global.certificateDuration,
      each => each.certificate.durationSeconds,
    ),
    renewBefore: certificateDuration(
      'renewBefore',
      'How long before its end it is renewed',
      global.certificateRenewBefore,
      each => each.certificate.renewBeforeSeconds,
    ),
    extraDnsNames: hasWildcard() ? undefined : list('certificate.extraDnsNames', 'Names in addition to those of the Service', STRINGS),
  };
  const networkPolicy = {
    enabled: flag('networkPolicy.enabled', 'Its NetworkPolicy', true),
    extraIngress: list('networkPolicy.extraIngress', 'Rules in addition to those of the declared calls, as `spec.ingress` takes them'),
    extraEgress: list('networkPolicy.extraEgress', 'The same for `spec.egress`'),
  };
  const options: ServiceOptions = {
    ...workload?.options,
    networkPolicy: { extraIngress: as(networkPolicy.extraIngress), extraEgress: as(networkPolicy.extraEgress) },
  };
  const account = `${service.namespace}/${service.serviceAccount}`;
  return { name, key, account, enabled, certificate, networkPolicy, workload, options };

  /** A name with a wildcard stands in a rule of approver-policy, where no list can be put. */
  function hasWildcard(): boolean {
    return service.certificate.dnsNames.some(dnsName => dnsName.includes('*'));
  }

  function certificateDuration(
    path: string,
    doc: string,
    usual: Param,
    of: (plan: ServicePlan) => number | undefined,
  ): CertificateDuration {
    const text = (environment: string): string => {
      const seconds = of(plans.service(environment, name));
      return seconds === undefined ? '' : canonicalDuration(seconds);
    };
    const { fallback, value: shared } = usual.props;
    const inherits = plans.environments.every(
      environment => text(environment) === (fallback?.kind === 'environment' ? fallback.values[environment] : shared),
    );
    const props = {
      path: `${key}.certificate.${path}`,
      kind: 'string',
      doc: `${doc}${inherits ? `; empty: ${usual.path}` : ''}`,
      schema: open(DURATION_SCHEMA, ''),
    } as const;
    const value = inherits
      ? values.param({ ...props, value: '', fallback: { kind: 'expression', value: usual } })
      : values.ofEnvironment(props, text);
    return { value, canonical: new Call(DURATION, [value]) };
  }

  function workloadValues() {
    const { kind } = service.workload;
    const replicated = kind === 'Deployment' || kind === 'StatefulSet';
    const defaults = podDefaults(service);
    const replicas = replicated
      ? perEnvironment(
          'replicaCount',
          { kind: 'integer', doc: 'Pods', schema: kind === 'StatefulSet' ? { ...count(0), maximum: MOST_NAMED_PODS } : count(0) },
          each => each.workload.replicas,
        )
      : undefined;
    const image = imageValues();
    const autoscaling = replicated ? autoscalingValues() : undefined;
    const budget = replicated ? budgetValues() : undefined;
    const createAccount = flag('serviceAccount.create', 'Its ServiceAccount; its name is part of the identity and stays', true);
    const envSchema: ValueSchema = {
      type: 'array',
      items: { type: 'object', required: ['name'], properties: { name: { type: 'string', minLength: 1 } } },
    };
    const env = (path: string, doc: string): Omit<ParamProps, 'value'> & { readonly path: string } => ({
      path,
      kind: 'list',
      doc,
      schema: envSchema,
      mergeKey: 'name',
    });
    const options: ServiceOptions = {
      pods: {
        labels: as(map('podLabels', 'Labels on its pods', STRING_MAP)),
        annotations: as(map('podAnnotations', 'Annotations on its pods', STRING_MAP)),
        image: as(new Call(IMAGE, [global.imageRegistry, image.block])),
        imagePullPolicy: as(image.pullPolicy),
        command: as(list('command', "Entry point of the container, instead of the image's", STRINGS, service.workload.command ?? [])),
        args: as(list('args', 'Arguments of the entry point', STRINGS, service.workload.args ?? [])),
        env: as(
          perEnvironment(
            'env',
            env('env', 'Environment variables; one called like a variable of the chart (MTLS_...) takes its place'),
            each => each.workload.env,
          ),
        ),
        extraEnv: as(param('extraEnv', { ...env('extraEnv', 'Further variables, stronger than env'), value: [] })),
        envFrom: as(list('envFrom', 'ConfigMaps and Secrets as variables')),
        resources: as(
          perEnvironment('resources', { kind: 'map', doc: 'Requests and limits', schema: RESOURCES }, each => each.workload.resources),
        ),
        securityContext: as(
          map('securityContext', 'Of the container; the default is what Pod Security "restricted" asks for', MAP, defaults.securityContext),
        ),
        podSecurityContext: as(
          map('podSecurityContext', 'Of the pod; fsGroup is the group that may read the key', MAP, defaults.podSecurityContext),
        ),
        livenessProbe: as(
          map('livenessProbe', 'On the health port: no kubelet has a certificate for another one', MAP, defaults.livenessProbe ?? {}),
        ),
        readinessProbe: as(map('readinessProbe', 'The same', MAP, defaults.readinessProbe ?? {})),
        startupProbe: as(map('startupProbe', 'None by default')),
        lifecycle: as(map('lifecycle', 'postStart and preStop')),
        nodeSelector: as(map('nodeSelector', 'Labels of nodes', STRING_MAP)),
        tolerations: as(list('tolerations', 'Taints of nodes that its pods tolerate')),
        affinity: as(map('affinity', 'Which nodes and neighbours its pods prefer')),
        topologySpreadConstraints: as(list('topologySpreadConstraints', 'How its pods spread over zones and nodes')),
        priorityClassName: as(text('priorityClassName', 'PriorityClass')),
        terminationGracePeriodSeconds: as(number('terminationGracePeriodSeconds', 'Seconds to end in; empty: 30', 0)),
        runtimeClassName: as(text('runtimeClassName', 'RuntimeClass')),
        schedulerName: as(text('schedulerName', 'Scheduler')),
        hostUsers: as(
          param('hostUsers', {
            kind: 'boolean',
            doc: 'false: a user namespace of its own',
            schema: open(BOOLEAN, null),
            value: null,
            optional: true,
          }),
        ),
        dnsPolicy: as(text('dnsPolicy', 'Where its pods resolve names')),
        dnsConfig: as(map('dnsConfig', 'Further settings of the resolver')),
        hostAliases: as(list('hostAliases', 'Lines of /etc/hosts')),
        extraVolumes: as(list('extraVolumes', 'Volumes beside that of the certificate')),
        extraVolumeMounts: as(list('extraVolumeMounts', 'Mounts of these')),
        extraContainers: as(list('extraContainers', 'Containers beside its own')),
        initContainers: as(list('initContainers', 'Containers that run before')),
      },
      workload: {
        ...(replicas && { replicas: as(autoscaling ? new When(not(filled(autoscaling.enabled)), replicas) : replicas) }),
        ...(kind !== 'Job' && kind !== 'CronJob' && updateOptions()),
        ...(kind === 'StatefulSet' && {
          podManagementPolicy: as<string>(text('podManagementPolicy', 'OrderedReady or Parallel')),
          volumeClaimTemplates: as(list('volumeClaimTemplates', 'Claims of each pod')),
        }),
        ...(kind === 'CronJob' && {
          schedule: as<string>(
            param('schedule', {
              kind: 'string',
              doc: 'When it runs, as cron says it',
              schema: { type: 'string', minLength: 1 },
              value: service.workload.schedule,
            }),
          ),
        }),
      },
      ...(service.ports.some(port => port.protocol !== 'health') && { service: serviceOptions() }),
      serviceAccount: { annotations: as(map('serviceAccount.annotations', 'Annotations of its ServiceAccount', STRING_MAP)) },
      ...(autoscaling && { autoscaling: autoscaling.options }),
      ...(budget && { podDisruptionBudget: budget.options }),
    };
    return { options, replicas, createAccount, autoscaling: autoscaling?.enabled, budget: budget?.enabled };
  }

  function imageValues() {
    const part = (path: string, doc: string, of: keyof ReturnType<typeof imageOf>, schema: ValueSchema): Param =>
      perEnvironment(`image.${path}`, { kind: 'string', doc, schema }, each => imageOf(each.workload.image)[of]);
    const parts = {
      registry: part('registry', 'Registry of the image; global.imageRegistry is stronger', 'registry', {
        type: 'string',
        pattern: '^[A-Za-z0-9.:_-]*$',
      }),
      repository: part('repository', 'Repository of the image', 'repository', {
        type: 'string',
        minLength: 1,
        pattern: '^[A-Za-z0-9._/-]+$',
      }),
      tag: part('tag', 'Tag of the image', 'tag', { type: 'string', pattern: '^[A-Za-z0-9._-]*$' }),
      digest: part('digest', 'Digest of the image; stronger than the tag', 'digest', {
        type: 'string',
        pattern: '^(sha256:[a-f0-9]{64})?$',
      }),
    };
    const pullPolicy = text('image.pullPolicy', 'When the image is pulled', { enum: ['', 'Always', 'IfNotPresent', 'Never'] });
    return { block: new ImageBlock(parts), pullPolicy };
  }

  function updateOptions(): Pick<NonNullable<ServiceOptions['workload']>, 'strategy' | 'revisionHistoryLimit' | 'minReadySeconds'> {
    return {
      strategy: as(map(service.workload.kind === 'Deployment' ? 'strategy' : 'updateStrategy', 'How pods are replaced')),
      revisionHistoryLimit: as(number('revisionHistoryLimit', 'Old revisions that are kept; empty: 10', 0)),
      minReadySeconds: as(number('minReadySeconds', 'Seconds that a pod must be ready before it counts', 0)),
    };
  }

  function serviceOptions(): NonNullable<ServiceOptions['service']> {
    return {
      // without a cluster IP a Service has no other type
      ...(!service.headless && {
        type: as<string>(
          text('service.type', 'Type of the Service; empty: ClusterIP', { enum: ['', 'ClusterIP', 'NodePort', 'LoadBalancer'] }),
        ),
      }),
      annotations: as(map('service.annotations', 'Annotations of the Service', STRING_MAP)),
      ipFamilyPolicy: as(
        text('service.ipFamilyPolicy', 'IPv4, IPv6 or both', { enum: ['', 'SingleStack', 'PreferDualStack', 'RequireDualStack'] }),
      ),
      ipFamilies: as(list('service.ipFamilies', 'Families in order of preference', { type: 'array', items: { enum: ['IPv4', 'IPv6'] } })),
    };
  }

  function autoscalingValues() {
    const enabled = flag('autoscaling.enabled', 'A HorizontalPodAutoscaler instead of replicaCount', false);
    const bound = (path: string, doc: string, value: number): Param =>
      param(`autoscaling.${path}`, { kind: 'integer', doc, schema: count(1), value });
    const options: NonNullable<ServiceOptions['autoscaling']> = {
      minReplicas: as(bound('minReplicas', 'At least', 2)),
      maxReplicas: as(bound('maxReplicas', 'At most', 5)),
      metrics: as(list('autoscaling.metrics', 'What it looks at, as autoscaling/v2 takes it', { ...MAPS, minItems: 1 }, CPU_AT_80)),
      behavior: as(map('autoscaling.behavior', 'How fast it acts')),
    };
    return { enabled, options };
  }

  function budgetValues() {
    const enabled = flag('podDisruptionBudget.enabled', 'A PodDisruptionBudget; no use with one replica', false);
    const minAvailable = param('podDisruptionBudget.minAvailable', {
      kind: 'integer or string',
      doc: 'Pods that must stay, as a number or percentage; stronger than maxUnavailable',
      schema: open(COUNT_OR_PERCENT, null),
      value: null,
      optional: true,
    });
    const maxUnavailable = param('podDisruptionBudget.maxUnavailable', {
      kind: 'integer or string',
      doc: 'Pods that may be away',
      schema: COUNT_OR_PERCENT,
      value: 1,
    });
    const options: NonNullable<ServiceOptions['podDisruptionBudget']> = {
      minAvailable: as(minAvailable),
      maxUnavailable: as(new When(all(not({ kind: 'given', value: minAvailable })), maxUnavailable)),
      unhealthyPodEvictionPolicy: as(
        text('podDisruptionBudget.unhealthyPodEvictionPolicy', 'AlwaysAllow lets a drain remove pods that never got ready', {
          enum: ['', 'AlwaysAllow', 'IfHealthyBudget'],
        }),
      ),
    };
    return { enabled, options };
  }
}

/** A lifetime as the user wrote it, empty where a percentage takes its place, and as it is rendered. */
export interface CertificateDuration {
  readonly value: Param;
  readonly canonical: Call;
}

/** Each pod of a StatefulSet has a name in its certificate. */
const MOST_NAMED_PODS = 200;

const RESOURCES: ValueSchema = {
  type: 'object',
  properties: { requests: MAP, limits: MAP, claims: MAPS },
  additionalProperties: false,
};

const CPU_AT_80 = [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }];
