import type { Plan } from '../../fleet/plan.js';
import { type Alert, alertingRule } from './alert.js';
import { authorityAlerts } from './authority-alerts.js';
import { certificateAlerts } from './certificate-alerts.js';
import { CertificateMetrics } from './certificate-metrics.js';
import { controlPlaneAlerts } from './control-plane-alerts.js';
import { issuerRecordingRules } from './control-plane-metrics.js';
import { type Inventory, inventory, inventoryRules } from './inventory.js';
import type { RecordingRule, RuleGroup } from './rule.js';
import { hasRuntimeMetrics, runtimeAlerts } from './runtime-alerts.js';
import { RuntimeMetrics } from './runtime-metrics.js';
import { thresholds } from './thresholds.js';

/** About 250 bytes each as JSON: 3,000 stay well below the 1.5 MiB of an object in etcd and of Prometheus' ConfigMaps. */
export const MAX_INVENTORY_RULES = 3_000;
// cert-manager's own monitor scrapes every 60 s; to ask more often shows nothing new.
const INTERVAL = '1m';

/** All rules of a fleet, and what they were made from. */
export interface FleetRules {
  readonly inventory: Inventory;
  readonly alerts: readonly Alert[];
  /** One group, or several of at most 3,000 rules. */
  readonly inventoryGroups: readonly RuleGroup[];
  readonly groups: readonly RuleGroup[];
}

export function fleetRules(plan: Plan): FleetRules {
  const all = inventory(plan);
  const limits = thresholds(plan);
  const metrics = new CertificateMetrics(plan.fleet);
  const certificates = certificateAlerts(metrics, limits);
  const authorities = all.authorities.length === 0 ? [] : authorityAlerts(metrics, limits);
  const controlPlane = controlPlaneAlerts(plan, all);
  const runtimes = hasRuntimeMetrics(plan) ? runtimeAlerts(new RuntimeMetrics(metrics), limits) : [];

  const group = (name: string, rules: RuleGroup['rules']): RuleGroup => ({ name: `${plan.fleet}-mtls.${name}`, interval: INTERVAL, rules });
  const alerting = (name: string, alerts: readonly Alert[]): RuleGroup =>
    group(
      name,
      alerts.map(alert => alertingRule(plan, alert)),
    );
  const chunks = inChunks(inventoryRules(all));
  return {
    inventory: all,
    alerts: [...certificates, ...authorities, ...controlPlane, ...runtimes],
    inventoryGroups: chunks.map((rules, index) => group(chunks.length === 1 ? 'inventory' : `inventory-${index + 1}`, rules)),
    groups: [
      group('normalise', [...metrics.recordingRules(), ...issuerRecordingRules(plan.fleet, all.issuers)]),
      alerting('certificates', certificates),
      ...(authorities.length > 0 ? [alerting('authorities', authorities)] : []),
      alerting('control-plane', controlPlane),
      ...(runtimes.length > 0 ? [alerting('runtimes', runtimes)] : []),
    ],
  };
}

function inChunks(rules: readonly RecordingRule[]): RecordingRule[][] {
  const chunks: RecordingRule[][] = [];
  for (let from = 0; from < rules.length; from += MAX_INVENTORY_RULES) chunks.push(rules.slice(from, from + MAX_INVENTORY_RULES));
  return chunks;
}
