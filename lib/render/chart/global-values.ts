import type { Plan } from '../../fleet/index.js';
import { canonicalDuration } from '../../pki/index.js';
import { BOOLEAN, DNS_NAME, DURATION_SCHEMA, label, MAP, PATH, STRING, STRING_MAP } from './_schemas.js';
import { Builtin, variable } from './builtin.js';
import { isOpen, Param, PREFIX } from './param.js';
import type { FleetPlans } from './plans.js';
import { Values } from './values.js';

/** Values that concern the fleet as a whole, by what they are for. */
export type GlobalValues = ReturnType<typeof globalValues>;

/** Longer, and the longest name that is made from the fleet's would be no DNS label. */
const LONGEST_FLEET_NAME = 40;

export function globalValues(plans: FleetPlans) {
  const { fleet, environments, modes } = plans;
  const plan = (environment: string): Plan => plans.plan(environment);
  const [firstEnvironment = ''] = environments;
  const environmentValue = new Param({
    path: 'environment',
    kind: 'string',
    doc: 'Environment of the fleet: decides who signs, and what an empty value below means',
    schema: { enum: environments },
    value: firstEnvironment,
  });
  // a fleet with one environment has nothing to choose
  const environment = environments.length > 1 ? environmentValue : new Builtin(JSON.stringify(firstEnvironment), () => firstEnvironment);
  const values = new Values(environments, environmentValue);
  const flag = (path: string, doc: string, value: boolean): Param => values.param({ path, kind: 'boolean', doc, schema: BOOLEAN, value });

  const enabled = flag('global.mtls.enabled', 'Mutual TLS at all; false renders nothing that needs cert-manager, and mounts nothing', true);
  const modeValue = values.param({
    path: 'global.mtls.mode',
    kind: 'string',
    doc: modeDoc(modes),
    schema: { enum: modes },
    value: modes[0],
  });
  const fullname = variable('fullname', context => {
    const name = fullnameOverride.given(context) || nameOverride.given(context) || fleet.fleet;
    return String(name);
  });
  const issuer = values.ofEnvironment(
    {
      path: 'global.mtls.issuer',
      kind: 'string',
      doc: 'Name of the issuer that signs every certificate; empty: the one that the chart makes, `<fullname>-ca-issuer`',
      schema: { ...DNS_NAME, minLength: 0, pattern: `^(${String(DNS_NAME.pattern).slice(1, -1)})?$` },
    },
    name => (plan(name).authority.kind === 'external' ? plan(name).authority.issuerRef.name : ''),
  );
  const certPath = values.param({
    path: 'global.mtls.certPath',
    kind: 'string',
    doc: 'Folder in every container with tls.crt, tls.key, ca.crt and policy.json',
    schema: PATH,
    value: plan(firstEnvironment).certPath,
  });
  const duration = (path: string, doc: string, of: (plan: Plan) => number | undefined): Param =>
    values.ofEnvironment({ path, kind: 'string', doc, schema: DURATION_SCHEMA }, name => {
      const seconds = of(plan(name));
      return seconds === undefined ? '' : canonicalDuration(seconds);
    });
  const certificateDuration = duration('global.mtls.certificateDuration', 'Lifetime of the certificates, at least 1h', plan =>
    usual(plan, certificate => certificate.durationSeconds),
  );
  const certificateRenewBefore = duration(
    'global.mtls.certificateRenewBefore',
    'How long before its end a certificate is renewed, at least 5m and less than its lifetime',
    plan => usual(plan, certificate => certificate.renewBeforeSeconds),
  );
  const imageRegistry = values.param({
    path: 'global.imageRegistry',
    kind: 'string',
    doc: 'Registry of every image; empty: the one of each image',
    schema: STRING,
    value: '',
  });
  const imagePullSecrets = values.param({
    path: 'global.imagePullSecrets',
    kind: 'list',
    doc: 'Secrets of registries, as a pod takes them: `[{name: my-secret}]`',
    schema: { type: 'array', items: { type: 'object', required: ['name'], properties: { name: STRING }, additionalProperties: false } },
    value: [],
  });
  const override = (path: string, doc: string, maxLength: number): Param =>
    values.param({ path, kind: 'string', doc, schema: label(maxLength), value: '' });
  const nameOverride = override(
    'nameOverride',
    `Name of the fleet in names and labels of objects, instead of ${fleet.fleet}`,
    LONGEST_FLEET_NAME,
  );
  const fullnameOverride = override('fullnameOverride', 'The same, stronger than nameOverride', LONGEST_FLEET_NAME);
  const namespaceOverride = override('namespaceOverride', 'Namespace of the services, instead of the one of the release', 63);
  const namespace = variable('namespace', context => String(namespaceOverride.given(context) || context.release.namespace));
  const texts = (path: string, doc: string): Param => values.param({ path, kind: 'map', doc, schema: STRING_MAP, value: {} });
  const commonLabels = texts(
    'commonLabels',
    'Labels on every object and pod; never in a selector, and never instead of a label of the chart',
  );
  const commonAnnotations = texts('commonAnnotations', 'Annotations on every object and pod');
  const clusterDomain = values.ofEnvironment(
    { path: 'clusterDomain', kind: 'string', doc: 'DNS domain of the cluster', schema: DNS_NAME },
    name => plan(name).clusterDomain,
  );
  const certManagerNamespace = values.param({
    path: 'certManagerNamespace',
    kind: 'string',
    doc: 'Namespace of cert-manager and trust-manager, where CA Secrets lie',
    schema: { ...label(63), minLength: 1 },
    value: plan(firstEnvironment).certManagerNamespace,
  });
  const createIssuer = flag(
    'issuer.create',
    'Make the issuer, and the CA where the fleet has its own; false: `global.mtls.issuer` names one that is there',
    true,
  );
  const issuerKind = values.ofEnvironment(
    {
      path: 'issuer.kind',
      kind: 'string',
      doc: 'Kind of the issuer that signs',
      schema: { type: 'string', minLength: 1, pattern: '^[A-Za-z]+$' },
    },
    name => plan(name).authority.issuerRef.kind,
  );
  const issuerGroup = values.ofEnvironment(
    { path: 'issuer.group', kind: 'string', doc: 'API group of the issuer that signs', schema: DNS_NAME },
    name => plan(name).authority.issuerRef.group,
  );
  const createTrust = flag('trust.create', 'The Bundle of trust-manager with the roots that every service trusts', true);
  const trustDomain = values.ofEnvironment(
    { path: 'trust.domain', kind: 'string', doc: 'SPIFFE trust domain', schema: { ...DNS_NAME, pattern: '^[a-z0-9._-]+$' } },
    name => plan(name).trustDomain,
  );
  // whoever uses approver-policy nowhere gets no values and no templates for it
  const issues = environments.some(name => plan(name).issuance);
  const issuance = !issues
    ? undefined
    : values.ofEnvironment(
        {
          path: 'issuance.enabled',
          kind: 'boolean',
          doc: 'Policies of approver-policy: each service can obtain its own identity only. Needs approver-policy in charge of approval',
          schema: BOOLEAN,
        },
        name => plan(name).issuance,
      );
  const networkPolicy = values.ofEnvironment(
    { path: 'networkPolicy.enabled', kind: 'boolean', doc: 'NetworkPolicies: only declared calls reach a port', schema: BOOLEAN },
    name => plan(name).network.policies,
  );
  const monitoring = {
    enabled: flag('monitoring.enabled', 'Objects of the Prometheus Operator and the dashboard; needs its CRDs', false),
    rules: flag('monitoring.rules.enabled', 'PrometheusRules with the alerts', true),
    monitors: flag('monitoring.monitors.enabled', 'ServiceMonitors and PodMonitors of the metrics ports', true),
    dashboard: flag('monitoring.dashboard.enabled', 'ConfigMap with a Grafana dashboard', true),
    labels: values.param({
      path: 'monitoring.labels',
      kind: 'map',
      doc: 'Labels by which Prometheus finds rules and monitors',
      schema: STRING_MAP,
      value: plan(firstEnvironment).monitoring.selectorLabels,
    }),
  };
  const createNamespaces = flag('namespaces.create', 'Make the namespaces that hold nothing but this fleet', false);
  const extraObjects = values.param({
    path: 'extraObjects',
    kind: 'list',
    doc: 'Further objects, as maps or texts; template actions in them are run',
    schema: { type: 'array', items: { anyOf: [MAP, STRING] } },
    value: [],
  });
  const mode = variable('mode', context => (enabled.given(context) === true ? String(modeValue.given(context)) : 'disabled'));
  return {
    values,
    environment,
    enabled,
    mode,
    fullname,
    namespace,
    issuer: withDefaultName(issuer, fullname),
    issuerValue: issuer,
    issuerKind,
    issuerGroup,
    certPath,
    certificateDuration,
    certificateRenewBefore,
    imageRegistry,
    imagePullSecrets,
    commonLabels,
    commonAnnotations,
    clusterDomain,
    certManagerNamespace,
    createIssuer,
    createTrust,
    trustDomain,
    issuance,
    networkPolicy,
    monitoring,
    createNamespaces,
    extraObjects,
  };
}

/** The name in the values, or that of the issuer which the chart makes. */
function withDefaultName(issuer: Param, fullname: Builtin): Builtin {
  return new Builtin(`include "${PREFIX}issuer" .`, context => {
    const name = issuer.evaluate(context);
    return isOpen(name) ? `${fullname.evaluate(context)}-ca-issuer` : String(name);
  });
}

/** What most services of an environment have. */
function usual(plan: Plan, of: (certificate: Plan['services'][number]['certificate']) => number | undefined): number | undefined {
  const counts = new Map<number, number>();
  for (const { certificate } of plan.services) {
    const seconds = of(certificate);
    if (seconds !== undefined) counts.set(seconds, (counts.get(seconds) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

const MODE_DOCS: Readonly<Record<string, string>> = {
  declared: 'declared: as fleet.yaml says for each service and call',
  strict: 'strict: only TLS, only listed callers',
  permissive: 'permissive: a plain port beside each',
  audit: 'audit: callers that are not listed are let through and counted',
  disabled: 'disabled: plain, though certificates are issued',
};

const modeDoc = (modes: readonly string[]): string => modes.map(mode => MODE_DOCS[mode]).join('; ');
