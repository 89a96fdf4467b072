import type { Plan } from '../../fleet/plan.js';
import { CertificateMetrics } from './certificate-metrics.js';
import { type Dashboard, datasourceVariable, labelVariable, PanelBuilder, uidOf } from './grafana.js';
import { hasRuntimeMetrics } from './runtime-alerts.js';
import { RuntimeMetrics } from './runtime-metrics.js';

// Written by hand, because Grafana replaces the variables: no escaping.
const CHOSEN = ['namespace=~"$namespace"', 'name=~"$certificate"'] as const;

/** One certificate through its life: what is in the Secret, what each pod serves, and who was turned away with it. */
export function certificateDashboard(plan: Plan): Dashboard {
  const metrics = new CertificateMetrics(plan.fleet);
  const panels = new PanelBuilder();
  panels.row('$namespace / $certificate');
  panels.timeseries(
    'Time left',
    'In the Secret. A saw tooth: each renewal lifts it.',
    [{ expr: metrics.timeLeft(...CHOSEN), legend: '{{name}}' }],
    's',
  );
  panels.timeseries(
    'Renewal overdue by',
    'Negative before it is due; above 0 for longer than minutes is a renewal that does not happen.',
    [{ expr: metrics.sinceRenewalDue(...CHOSEN), legend: '{{name}}' }],
    's',
  );
  panels.readyTimeline('Ready', 'Stays green until notAfter, even when renewals fail.', {
    expr: metrics.ready(...CHOSEN),
    legend: '{{name}}',
  });
  if (hasRuntimeMetrics(plan)) runtimes(panels, metrics);
  return {
    uid: uidOf(plan.fleet, 'mtls-one'),
    title: `${plan.fleet}: one certificate`,
    tags: ['mtls', 'cert-manager', plan.fleet],
    schemaVersion: 39,
    editable: false,
    refresh: '1m',
    time: { from: 'now-7d', to: 'now' },
    timezone: 'utc',
    templating: {
      list: [
        datasourceVariable,
        labelVariable('namespace', metrics.declared()),
        labelVariable('certificate', metrics.declared('namespace=~"$namespace"'), 'name'),
      ],
    },
    annotations: { list: [] },
    links: [],
    panels: panels.build(),
  };
}

function runtimes(panels: PanelBuilder, metrics: CertificateMetrics): void {
  const runtime = new RuntimeMetrics(metrics);
  panels.row('Processes');
  panels.timeseries(
    'Issued after what a pod serves',
    'Rises for some minutes at each renewal, until the pods have taken the new certificate.',
    [{ expr: runtime.servedBehind(...CHOSEN), legend: '{{pod}}' }],
    's',
  );
  panels.timeseries(
    'Denied callers',
    'Calls with a certificate of this environment that nobody declared, or in mode audit would be denied.',
    [
      { expr: runtime.denied(true, ...CHOSEN), legend: 'denied: {{peer}}' },
      { expr: runtime.denied(false, ...CHOSEN), legend: 'would be denied: {{peer}}' },
    ],
    'short',
  );
}
