import type { Plan } from '../../fleet/plan.js';
import { CertificateMetrics } from './certificate-metrics.js';
import { issuerReady, syncErrorShare } from './control-plane-metrics.js';
import { type Dashboard, datasourceVariable, labelVariable, PanelBuilder, type Step, uidOf } from './grafana.js';
import { is } from './promql.js';
import type { FleetRules } from './rule-groups.js';
import { hasRuntimeMetrics } from './runtime-alerts.js';
import { RuntimeMetrics } from './runtime-metrics.js';

// Written by hand, because Grafana replaces the variables: no escaping.
const CHOSEN = ['namespace=~"$namespace"', 'team=~"$team"', 'service=~"$service"'] as const;
const DAY = 86_400;
const TIME_LEFT_STEPS: readonly Step[] = [
  { color: 'red', value: null },
  { color: 'yellow', value: DAY },
  { color: 'green', value: 7 * DAY },
];

/** The fleet's overview: what is wrong now, every certificate by time left, its authorities and cert-manager. */
export function dashboard(plan: Plan, rules: FleetRules): Dashboard {
  const metrics = new CertificateMetrics(plan.fleet);
  const panels = new PanelBuilder();
  overview(panels, metrics);
  certificates(panels, metrics);
  if (hasRuntimeMetrics(plan)) runtimes(panels, new RuntimeMetrics(metrics));
  if (rules.inventory.authorities.length > 0) authorities(panels, metrics);
  controlPlane(panels, plan, rules);
  return {
    uid: uidOf(plan.fleet, 'mtls'),
    title: `${plan.fleet}: mutual TLS`,
    tags: ['mtls', 'cert-manager', plan.fleet],
    schemaVersion: 39,
    editable: false,
    refresh: '1m',
    time: { from: 'now-24h', to: 'now' },
    timezone: 'utc',
    templating: {
      list: [datasourceVariable, ...['namespace', 'team', 'service'].map(label => labelVariable(label, metrics.declared()))],
    },
    annotations: { list: [] },
    links: runbookLinks(plan),
    panels: panels.build(),
  };
}

const count = (expr: string): string => `count(\n${expr}\n) or vector(0)`;

function overview(panels: PanelBuilder, metrics: CertificateMetrics): void {
  panels.row('Now');
  panels.stat('Declared', 'Certificates of the plan.', `count(${metrics.declared(...CHOSEN)}) or vector(0)`);
  panels.stat('Expired', 'notAfter has passed.', count(metrics.expired(...CHOSEN)));
  panels.stat('Renewal overdue', 'Due, and not done within a quarter of the window.', count(metrics.overdue(...CHOSEN)));
  panels.stat('Not ready', 'Issued, but not what the Certificate asks for.', count(metrics.notReady(...CHOSEN)));
  panels.stat('Never issued', 'The Secret has no certificate.', count(metrics.neverIssued(...CHOSEN)));
  panels.stat('Missing', 'Declared, but unknown to cert-manager.', count(metrics.missing(...CHOSEN)));
}

/** One row per certificate: Grafana joins tables by one field, so namespace and name become one. */
const keyed = (expr: string): string => `label_join(${expr}, "certificate", "/", "namespace", "name")`;

function certificates(panels: PanelBuilder, metrics: CertificateMetrics): void {
  panels.row('Certificates');
  panels.table(
    'Certificates by time left',
    'Overdue: seconds since the renewal that did not happen; negative before it is due.',
    [keyed(metrics.timeLeft(...CHOSEN)), keyed(metrics.sinceRenewalDue(...CHOSEN)), keyed(metrics.ready(...CHOSEN))],
    'certificate',
    [
      { field: 'certificate', title: 'Certificate' },
      { field: 'service 1', title: 'Service' },
      { field: 'team 1', title: 'Team' },
      { field: 'role 1', title: 'Role' },
      { field: 'ca 1', title: 'Issuer' },
      { field: 'Value #A', title: 'Time left', unit: 's', steps: TIME_LEFT_STEPS },
      { field: 'Value #B', title: 'Renewal overdue by', unit: 's' },
      { field: 'Value #C', title: 'Ready', unit: 'bool_yes_no' },
    ],
  );
  panels.readyTimeline('Ready', 'Stays green until notAfter, even when renewals fail: look at the renewal too.', {
    expr: metrics.ready(...CHOSEN),
    legend: '{{namespace}}/{{name}}',
  });
}

function runtimes(panels: PanelBuilder, metrics: RuntimeMetrics): void {
  panels.row('Processes');
  panels.stat('Serve an old certificate', 'Pods that did not take what is in their Secret.', count(metrics.servedIsNotIssued(...CHOSEN)));
  panels.stat('Refused files', 'Pods that could not use their new files, in the last 15 minutes.', count(metrics.reloadRefused(...CHOSEN)));
  panels.stat('Denied callers', 'Calls that nobody declared, in the last 15 minutes.', count(metrics.denied(true, ...CHOSEN)));
  panels.stat('Would be denied', 'The same in mode audit: strict would break them.', count(metrics.denied(false, ...CHOSEN)));
}

function authorities(panels: PanelBuilder, metrics: CertificateMetrics): void {
  panels.row('Authorities');
  const role = is('role', 'ca');
  panels.table(
    'CA certificates',
    'Leaves that outlive: certificates that end after the CA which signs them.',
    [
      keyed(metrics.timeLeft(role)),
      keyed(metrics.sinceRenewalDue(role)),
      keyed(`${metrics.notAfter(role)} * 0 + on (ca) group_left () (count by (ca) (\n${metrics.outlivesAuthority()}\n))`),
    ],
    'certificate',
    [
      { field: 'certificate', title: 'Certificate' },
      { field: 'ca 1', title: 'Issuer' },
      { field: 'Value #A', title: 'Time left', unit: 's', steps: TIME_LEFT_STEPS },
      { field: 'Value #B', title: 'Renewal overdue by', unit: 's' },
      { field: 'Value #C', title: 'Leaves that outlive it', unit: 'short' },
    ],
  );
}

function controlPlane(panels: PanelBuilder, plan: Plan, rules: FleetRules): void {
  panels.row('cert-manager');
  if (rules.inventory.issuers.length > 0) {
    const query = { expr: issuerReady(plan.fleet), legend: '{{kind}} {{name}}' };
    panels.readyTimeline('Issuers', 'Readiness of the issuers of this fleet; needs cert-manager 1.20.', query, 12);
  }
  panels.timeseries(
    'Failed reconciliations',
    'Share of reconciliations that end with an error, by controller.',
    [{ expr: syncErrorShare('10m'), legend: '{{controller}}' }],
    'percentunit',
  );
}

function runbookLinks(plan: Plan): readonly unknown[] {
  const url = plan.monitoring.runbookBaseUrl;
  // A relative path means nothing to Grafana.
  if (!/^https?:\/\//.test(url)) return [];
  const defaults = { asDropdown: false, icon: 'external link', includeVars: false, keepTime: false, tags: [], tooltip: '' };
  return [{ ...defaults, title: 'Runbooks', type: 'link', url, targetBlank: true }];
}
