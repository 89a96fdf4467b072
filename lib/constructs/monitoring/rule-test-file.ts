import type { Plan } from '../../fleet/plan.js';
import { entry, flowMap, scalar } from '../plain-yaml.js';
import { type Alert, ownLabels, runbookUrl } from './alert.js';
import type { FleetRules } from './rule-groups.js';
import type { Expectation, Firing, Scenario, Segment, Series } from './rule-scenario.js';
import type { TestClock } from './test-clock.js';

/** A file for `promtool test rules`, beside the rule file that it names. Safe for promtool 2.42. */
export function ruleTestFile(plan: Plan, rules: FleetRules, scenarios: readonly Scenario[], clock: TestClock, ruleFile: string): string {
  const alerts = new Map(rules.alerts.map(alert => [alert.name, alert]));
  // Alerts read what was recorded in the same evaluation, so the order matters; promtool has none of its own.
  const order = [...rules.inventoryGroups, ...rules.groups].map(group => scalar(group.name));
  let text = `rule_files: [${scalar(ruleFile)}]\nevaluation_interval: ${clock.stepSeconds}s\ngroup_eval_order: [${order.join(', ')}]\ntests:\n`;
  for (const scenario of scenarios) {
    const sampleSeconds = scenario.sampleSeconds ?? clock.stepSeconds;
    text += `- name: ${scalar(scenario.name)}\n  interval: ${sampleSeconds}s\n`;
    text += scenario.series.length === 0 ? '  input_series: []\n' : '  input_series:\n';
    for (const series of scenario.series) text += seriesLine(series, sampleSeconds);
    text += '  alert_rule_test:\n';
    for (const expectation of scenario.expectations) text += expectationText(plan, alerts, expectation);
  }
  return text;
}

function seriesLine(series: Series, sampleSeconds: number): string {
  const labels = Object.entries(series.labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  const last = series.samples.length - 1;
  const values = series.samples.map((segment, index) => samples(segment, sampleSeconds, index === last)).join(' ');
  return `  - {series: '${series.metric}{${labels.join(',')}}', values: '${values}'}\n`;
}

/** promtool's notation: `5x3` is 5 four times, `_x3` three gaps, `0+60x3` a line. The last segment includes its end. */
function samples({ value, perSecond, seconds }: Segment, sampleSeconds: number, last: boolean): string {
  const count = Math.max(1, Math.ceil(seconds / sampleSeconds));
  if (value === undefined) return `_x${count}`;
  const repeats = last ? count : count - 1;
  return perSecond === undefined ? `${value}x${repeats}` : `${value}+${perSecond * sampleSeconds}x${repeats}`;
}

function expectationText(plan: Plan, alerts: ReadonlyMap<string, Alert>, expectation: Expectation): string {
  const head = `eval_time: ${expectation.at}s, alertname: ${expectation.alert}`;
  const alert = alerts.get(expectation.alert);
  if (!alert) throw new Error(`the rule tests expect alert "${expectation.alert}", which is not among the rules`);
  if (expectation.firing.length === 0) return `  - {${head}}\n`;
  let text = `  - eval_time: ${expectation.at}s\n    alertname: ${alert.name}\n    exp_alerts:\n`;
  for (const firing of expectation.firing) {
    text += `    - exp_labels: ${flowMap({ ...firing.labels, ...ownLabels(plan, alert) })}\n      exp_annotations:\n`;
    text += entry('        ', 'summary', rendered(alert.summary, firing));
    text += entry('        ', 'description', rendered(alert.description, firing));
    text += entry('        ', 'runbook_url', runbookUrl(plan.monitoring, alert.name));
  }
  return text;
}

/** The two template expressions that our annotations use, as Prometheus renders them. */
export function rendered(template: string, firing: Firing): string {
  return template
    .replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => firing.labels[label] ?? '')
    .replace(/\{\{ \$value \| humanizeDuration \}\}/g, () => humanizeDuration(firing.value ?? 0));
}

/** Prometheus' template function for whole seconds. */
export function humanizeDuration(value: number): string {
  const total = Math.abs(value);
  const sign = value < 0 ? '-' : '';
  const [days, hours, minutes, rest] = [
    Math.floor(total / 86_400),
    Math.floor(total / 3_600) % 24,
    Math.floor(total / 60) % 60,
    total % 60,
  ];
  if (days > 0) return `${sign}${days}d ${hours}h ${minutes}m ${rest}s`;
  if (hours > 0) return `${sign}${hours}h ${minutes}m ${rest}s`;
  return minutes > 0 ? `${sign}${minutes}m ${rest}s` : `${sign}${rest}s`;
}
