import type { IssuerPlace } from './inventory.js';
import { is, type Matcher, oneOf, select } from './promql.js';
import type { RecordingRule } from './rule.js';

const CLOCK = 'certmanager_clock_time_seconds_gauge';
const ACME_REQUESTS = 'certmanager_http_acme_client_request_count';
const ISSUER_READY = 'sentinel:issuer_ready:max';
const CONTROLLERS: Matcher = 'controller=~"certificate.*|issuers|clusterissuers|orders|challenges"';

export const metricsAbsent = (): string => `absent(${CLOCK})`;

/** It reports its clock but no certificate: no leader, or its informers do not work. */
export const notReconciling = (): string => `absent(certmanager_certificate_ready_status)\nand on () count(${CLOCK}) > 0`;

/** Value: seconds between cert-manager's clock and that of Prometheus. */
export const clockSkew = (): string => `max by (namespace, pod) (abs(${CLOCK} - timestamp(${CLOCK}))) > 60`;

/** Value: share of reconciliations that end with an error, by controller. */
export function syncErrorShare(window: string): string {
  const per = (metric: string): string => `sum by (controller) (increase(${select(metric, CONTROLLERS)}[${window}]))`;
  return `${per('certmanager_controller_sync_error_count')}\n/\n${per('certmanager_controller_sync_call_count')}`;
}

export const syncErrors = (): string =>
  `(\n${syncErrorShare('30m').replace(/^/gm, '  ')}\n) > 0.25\nand\nsum by (controller) (increase(certmanager_controller_sync_error_count[30m])) > 5`;

/** 1 or 0 for each issuer of the fleet. */
export const issuerReady = (fleet: string, ...matchers: readonly Matcher[]): string =>
  select(ISSUER_READY, is('fleet', fleet), ...matchers);

/** Requests that the ACME host refused in the last hour; a counter that starts at 1 has no increase, hence the second half. */
export function acmeRateLimited(host: string): string {
  const refused = select(ACME_REQUESTS, is('host', host), 'status="429"');
  return `sum by (host) (increase(${refused}[1h])) > 0\nor\nsum by (host) (${refused} unless ${refused} offset 1h) > 0`;
}

/** Readiness of the fleet's own issuers only: those of others are not its business. Needs cert-manager 1.20. */
export function issuerRecordingRules(fleet: string, issuers: readonly IssuerPlace[]): RecordingRule[] {
  const rules: RecordingRule[] = [];
  const cluster = issuers.filter(issuer => issuer.namespace === undefined).map(issuer => issuer.name);
  if (cluster.length > 0) {
    const metric = select('certmanager_clusterissuer_ready_status', is('condition', 'True'), oneOf('name', cluster));
    rules.push({
      record: ISSUER_READY,
      expr: `max by (name) (last_over_time(${metric}[10m]))`,
      labels: { fleet, kind: 'ClusterIssuer' },
    });
  }
  const byNamespace = new Map<string, string[]>();
  for (const { namespace, name } of issuers) {
    if (namespace === undefined) continue;
    const names = byNamespace.get(namespace);
    if (names) names.push(name);
    else byNamespace.set(namespace, [name]);
  }
  for (const [namespace, names] of byNamespace) {
    rules.push({
      record: ISSUER_READY,
      expr: `max by (name) (\n  ${inNamespace(namespace, names, 'exported_namespace')}\n  or\n  ${inNamespace(namespace, names, 'namespace')}\n)`,
      labels: { fleet, kind: 'Issuer', namespace },
    });
  }
  return rules;
}

function inNamespace(namespace: string, names: readonly string[], label: 'namespace' | 'exported_namespace'): string {
  const matchers = [is('condition', 'True'), oneOf('name', names), is(label, namespace)];
  if (label === 'namespace') matchers.push('exported_namespace=""');
  return `last_over_time(${select('certmanager_issuer_ready_status', ...matchers)}[10m])`;
}
