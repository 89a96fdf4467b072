import type { Plan } from '../../fleet/plan.js';
import type { Alert } from './alert.js';
import * as metrics from './control-plane-metrics.js';
import type { Inventory } from './inventory.js';

const MINUTE = 60;

/** Alerts on cert-manager itself and on the fleet's issuers. */
export function controlPlaneAlerts(plan: Plan, all: Inventory): Alert[] {
  return [...certManagerAlerts(), ...issuerAlerts(plan, all), ...acmeAlerts(plan, all)];
}

function certManagerAlerts(): Alert[] {
  return [
    {
      name: 'MtlsCertManagerMetricsAbsent',
      expr: metrics.metricsAbsent(),
      forSeconds: 15 * MINUTE,
      severity: 'critical',
      owner: 'fleet',
      summary: 'cert-manager is not scraped',
      description:
        'Prometheus has no metrics of cert-manager: it is down, or its ServiceMonitor is off. No other alert on certificates can fire.',
    },
    {
      name: 'MtlsCertManagerNotReconciling',
      expr: metrics.notReconciling(),
      forSeconds: 15 * MINUTE,
      severity: 'critical',
      owner: 'fleet',
      summary: 'cert-manager runs but reports no certificate',
      description: 'No replica leads, or its caches do not fill. Nothing is issued or renewed.',
    },
    {
      name: 'MtlsCertManagerClockSkew',
      expr: metrics.clockSkew(),
      forSeconds: 10 * MINUTE,
      severity: 'warning',
      owner: 'fleet',
      summary: 'the clock of cert-manager {{ $labels.namespace }}/{{ $labels.pod }} is off',
      description:
        'It differs from that of Prometheus by more than a minute. Certificates may be refused as not yet valid, and renewals come late.',
    },
    {
      name: 'MtlsCertManagerSyncErrors',
      expr: metrics.syncErrors(),
      forSeconds: 15 * MINUTE,
      severity: 'warning',
      owner: 'fleet',
      summary: 'cert-manager controller {{ $labels.controller }} fails often',
      description: 'More than a quarter of its reconciliations in the last 30 minutes ended with an error.',
    },
  ];
}

function issuerAlerts(plan: Plan, all: Inventory): Alert[] {
  if (all.issuers.length === 0) return [];
  return [
    {
      name: 'MtlsIssuerNotReady',
      expr: `${metrics.issuerReady(plan.fleet)} == 0`,
      forSeconds: 10 * MINUTE,
      severity: 'critical',
      owner: 'fleet',
      summary: '{{ $labels.kind }} {{ $labels.name }} is not ready',
      description: 'Certificates of the fleet can not be issued or renewed.',
    },
  ];
}

function acmeAlerts(plan: Plan, all: Inventory): Alert[] {
  if (!plan.publicAuthority || all.publics.length === 0) return [];
  return [
    {
      name: 'MtlsAcmeRateLimited',
      expr: metrics.acmeRateLimited(new URL(plan.publicAuthority.server).host),
      keepFiringForSeconds: 60 * MINUTE,
      severity: 'warning',
      owner: 'fleet',
      summary: 'ACME server {{ $labels.host }} limits us',
      description:
        'It answered 429 within the last hour. cert-manager waits an hour before the next attempt, then twice as long each time.',
    },
  ];
}
