import { Construct } from 'constructs';
import type { Plan } from '../../fleet/plan.js';
import { Manifest } from '../manifest.js';
import { OutputFile } from '../output-file.js';
import { certificateDashboard } from './certificate-dashboard.js';
import { dashboard } from './dashboard.js';
import { monitorOf } from './monitors.js';
import { blackboxConfig, blackboxTargets, inhibitRules, x509Values } from './options.js';
import type { RuleGroup } from './rule.js';
import { type FleetRules, fleetRules } from './rule-groups.js';
import { ruleTests } from './rule-tests.js';
import { rulesFile } from './rules-file.js';

export interface MonitoringProps {
  readonly plan: Plan;
  /** Also the files beside the objects: the rules alone, and their tests, the dashboards, settings of exporters and of Alertmanager. @default true */
  readonly files?: boolean;
}

const RULES_FILE = 'rules.yaml';

/**
 * Every certificate of the fleet is watched, and a missing one is noticed: PrometheusRules and the same rules as
 * `monitoring/rules.yaml` with their tests, monitors for the metrics ports, and Grafana dashboards.
 */
export class Monitoring extends Construct {
  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const { plan } = props;
    if (!plan.monitoring.enabled) return;
    const rules = fleetRules(plan);
    this.addRules(plan, rules);
    if (props.files ?? true) this.addRuleFiles(plan, rules);
    for (const service of plan.services) {
      const monitor = monitorOf(plan, service);
      if (monitor) new Manifest(this, `monitor-${service.name}`, monitor);
    }
    this.addDashboards(plan, rules, props.files ?? true);
  }

  /** One object, unless the inventory is so long that it needs objects of its own. */
  private addRules(plan: Plan, rules: FleetRules): void {
    if (rules.inventoryGroups.length === 1) {
      this.addPrometheusRule(plan, `${plan.fleet}-mtls`, [...rules.inventoryGroups, ...rules.groups]);
      return;
    }
    this.addPrometheusRule(plan, `${plan.fleet}-mtls`, rules.groups);
    rules.inventoryGroups.forEach((group, index) => {
      this.addPrometheusRule(plan, `${plan.fleet}-mtls-inventory-${index + 1}`, [group]);
    });
  }

  private addPrometheusRule(plan: Plan, name: string, groups: readonly RuleGroup[]): void {
    new Manifest(this, name, {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name, namespace: plan.namespaces[0], labels: { ...plan.labels, ...plan.monitoring.selectorLabels } },
      spec: { groups },
    });
  }

  private addRuleFiles(plan: Plan, rules: FleetRules): void {
    const content = rulesFile([...rules.inventoryGroups, ...rules.groups]);
    new OutputFile(this, 'rules', { path: `monitoring/${RULES_FILE}`, content });
    const tests = ruleTests(plan, rules, RULES_FILE);
    if (tests !== undefined) new OutputFile(this, 'rule tests', { path: 'monitoring/rules.test.yaml', content: tests });
    const options = {
      'alertmanager-inhibit.yaml': inhibitRules(plan, rules),
      'blackbox.yaml': blackboxConfig(plan),
      'blackbox-targets.yaml': blackboxTargets(plan),
      'x509-exporter.values.yaml': x509Values(plan),
    };
    for (const [file, text] of Object.entries(options)) new OutputFile(this, file, { path: `monitoring/options/${file}`, content: text });
  }

  /** Found by the dashboard sidecar of Grafana's chart; the same as files for everybody else. */
  private addDashboards(plan: Plan, rules: FleetRules, files: boolean): void {
    const name = `${plan.fleet}-mtls-dashboard`;
    const dashboards = {
      [`${plan.fleet}-mtls.json`]: dashboard(plan, rules),
      [`${plan.fleet}-mtls-certificate.json`]: certificateDashboard(plan),
    };
    const texts = Object.entries(dashboards).map(([file, content]) => [file, `${JSON.stringify(content, null, 2)}\n`] as const);
    new Manifest(this, name, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: plan.namespaces[0], labels: { ...plan.labels, grafana_dashboard: '1' } },
      data: Object.fromEntries(texts),
    });
    if (files) for (const [file, content] of texts) new OutputFile(this, file, { path: `monitoring/grafana/${file}`, content });
  }
}
