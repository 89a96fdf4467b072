import type { Plan } from '../../fleet/plan.js';
import { entry, flowMap, scalar } from '../plain-yaml.js';
import type { FleetRules } from './rule-groups.js';

/**
 * For Alertmanager: what one mistake sets off is told once. A critical alert silences the warnings about the same
 * certificate, and not those about its neighbours: hence `name` beside `namespace`.
 */
export function inhibitRules(plan: Plan, rules: FleetRules): string {
  const fleet = `fleet="${plan.fleet}"`;
  const named = rules.alerts.filter(({ owner }) => owner === 'inventory').filter(({ expr }) => !expr.includes('sentinel_mtls_'));
  const critical = named.filter(({ severity }) => severity === 'critical').map(({ name }) => name);
  const warning = named.filter(({ severity }) => severity === 'warning').map(({ name }) => name);
  const silent = 'MtlsCertManagerMetricsAbsent';
  const inhibitions: readonly Inhibition[] = [
    {
      why: 'the worse of two alerts about one certificate',
      source: critical,
      target: warning,
      equal: ['fleet', 'namespace', 'name'],
    },
    {
      why: 'an authority that expires makes each of its leaves late',
      source: ['MtlsCAExpiring'],
      target: ['MtlsLeafOutlivesCA', 'MtlsLeafOlderThanCA'],
      equal: ['fleet', 'ca'],
    },
    {
      why: 'an issuer that can not sign delays everything that it signs',
      source: ['MtlsIssuerNotReady'],
      target: ['MtlsCertificateRenewalOverdue', 'CertificateRenewalFailed'],
      equal: ['fleet'],
    },
    {
      why: 'without cert-manager nothing is renewed',
      source: [silent, 'MtlsCertManagerNotReconciling'],
      target: ['MtlsCertificateRenewalOverdue', 'CertificateRenewalFailed', 'MtlsCertificateMissing'],
      equal: ['fleet'],
    },
  ];
  const present = new Set(rules.alerts.map(({ name }) => name));
  const used = inhibitions
    .map(inhibition => ({
      ...inhibition,
      source: inhibition.source.filter(name => present.has(name)),
      target: inhibition.target.filter(name => present.has(name)),
    }))
    .filter(({ source, target }) => source.length > 0 && target.length > 0);
  const list = used.map(
    ({ why, source, target, equal }) =>
      `# ${why}\n- source_matchers: [${[fleet, oneOf(source)].map(scalar).join(', ')}]\n  target_matchers: [${[fleet, oneOf(target)].map(scalar).join(', ')}]\n  equal: [${equal.join(', ')}]\n`,
  );
  return `# Inhibition rules for Alertmanager: add them to its configuration.\ninhibit_rules:\n${list.join('')}`;
}

interface Inhibition {
  readonly why: string;
  readonly source: readonly string[];
  readonly target: readonly string[];
  readonly equal: readonly string[];
}

const oneOf = (names: readonly string[]): string => `alertname=~"${names.join('|')}"`;

/**
 * For the blackbox exporter, where processes have no runtime library: it asks each TLS port what it serves. It needs a
 * certificate of its own, which these ports want, and has to be declared as an external of the fleet that may call them.
 */
export function blackboxConfig(plan: Plan): string {
  const file = (name: string): string => `${plan.certPath.replace(/\/+$/, '')}/${name}`;
  return `# A module for the blackbox exporter; its pod mounts a certificate of this environment below ${plan.certPath}.
modules:
  ${scalar(`${plan.fleet}_mtls`)}:
    prober: tcp
    timeout: 5s
    tcp:
      tls: true
      tls_config:
${entry('        ', 'ca_file', file('ca.crt'))}${entry('        ', 'cert_file', file('tls.crt'))}${entry('        ', 'key_file', file('tls.key'))}`;
}

/** Targets for Prometheus' `file_sd_configs`, each with the labels by which the fleet's rules know a service. */
export function blackboxTargets(plan: Plan): string {
  const lines = plan.services.flatMap(service =>
    service.ports
      .filter(({ tls, mode }) => tls && mode !== 'disabled')
      .map(({ port }) => {
        const labels = { fleet: plan.fleet, namespace: service.namespace, service: service.name, team: service.team };
        return `- {targets: [${scalar(`${service.fqdn}:${port}`)}], labels: ${flowMap(labels)}}\n`;
      }),
  );
  return `# Targets for file_sd_configs of the job that asks the blackbox exporter.\n${lines.length === 0 ? '[]\n' : lines.join('')}`;
}

/** For x509-certificate-exporter's chart: the Secrets and the bundle of this fleet's namespaces. Its own alerts are off: fixed days are false alarms for short lives. */
export function x509Values(plan: Plan): string {
  const namespaces = [...new Set([...plan.namespaces, plan.certManagerNamespace])].sort();
  return `# Values for the chart of x509-certificate-exporter: what is in Secrets and in the bundle, without
# cert-manager's word for it. It may read every Secret of these namespaces, with the keys: decide whether that is worth it.
secretsExporter:
  secretTypes:
  - {type: kubernetes.io/tls, key: tls.crt}
  configMapKeys: [${scalar(plan.bundle.key)}]
  includeNamespaces: [${namespaces.map(scalar).join(', ')}]
prometheusRules:
  create: false
`;
}
