import type { MonitoringPlan, Plan } from '../../fleet/plan.js';
import { duration } from './promql.js';
import type { AlertingRule } from './rule.js';

/** An alert: a metric's expression, how long it must hold, who is told and with what words. */
export interface Alert {
  readonly name: string;
  /** PromQL of a metric function; any result is a reason to alert. */
  readonly expr: string;
  readonly forSeconds?: number;
  readonly keepFiringForSeconds?: number;
  readonly severity: 'critical' | 'warning';
  /** `inventory`: fleet, team and service come with the expression's result. `fleet`: they are those of the plan. */
  readonly owner: 'inventory' | 'fleet';
  readonly summary: string;
  readonly description: string;
}

/** The certificate of an alert, in its texts. */
export const CERTIFICATE = 'certificate {{ $labels.namespace }}/{{ $labels.name }}';
/** The value of an alert in days, hours and minutes. */
export const VALUE_AS_DURATION = '{{ $value | humanizeDuration }}';

/** Labels that the rule itself adds. */
export function ownLabels(plan: Plan, alert: Alert): Record<string, string> {
  return alert.owner === 'inventory' ? { severity: alert.severity } : { severity: alert.severity, team: plan.team, fleet: plan.fleet };
}

export function alertingRule(plan: Plan, alert: Alert): AlertingRule {
  return {
    alert: alert.name,
    expr: alert.expr,
    ...(alert.forSeconds !== undefined && { for: duration(alert.forSeconds) }),
    ...(alert.keepFiringForSeconds !== undefined && { keep_firing_for: duration(alert.keepFiringForSeconds) }),
    labels: ownLabels(plan, alert),
    annotations: {
      summary: alert.summary,
      description: alert.description,
      runbook_url: runbookUrl(plan.monitoring, alert.name),
    },
  };
}

export const runbookUrl = (monitoring: MonitoringPlan, alert: string): string =>
  `${monitoring.runbookBaseUrl.replace(/\/+$/, '')}/${alert}.md`;
