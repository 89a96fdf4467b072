import { entry, flowMap, scalar } from '../plain-yaml.js';
import type { AlertingRule, RecordingRule, RuleGroup } from './rule.js';

/** A rule file as Prometheus and promtool read it: a certificate of the inventory is one line. */
export function rulesFile(groups: readonly RuleGroup[]): string {
  let text = 'groups:\n';
  for (const group of groups) {
    text += `- name: ${scalar(group.name)}\n  interval: ${group.interval}\n  rules:\n`;
    for (const rule of group.rules) text += 'record' in rule ? recording(rule) : alerting(rule);
  }
  return text;
}

function recording(rule: RecordingRule): string {
  if (!rule.expr.includes('\n')) {
    const labels = rule.labels ? `, labels: ${flowMap(rule.labels)}` : '';
    return `  - {record: ${rule.record}, expr: ${scalar(rule.expr)}${labels}}\n`;
  }
  return `  - record: ${rule.record}\n${entry('    ', 'expr', rule.expr)}${rule.labels ? `    labels: ${flowMap(rule.labels)}\n` : ''}`;
}

function alerting(rule: AlertingRule): string {
  let text = `  - alert: ${rule.alert}\n${entry('    ', 'expr', rule.expr)}`;
  if (rule.for !== undefined) text += `    for: ${rule.for}\n`;
  if (rule.keep_firing_for !== undefined) text += `    keep_firing_for: ${rule.keep_firing_for}\n`;
  text += `    labels: ${flowMap(rule.labels)}\n    annotations:\n`;
  for (const key of Object.keys(rule.annotations)) text += entry('      ', key, rule.annotations[key] ?? '');
  return text;
}
