import type { Plan } from '../../fleet/plan.js';
import { authorityScenarios } from './authority-scenarios.js';
import { CertificateScenarios } from './certificate-scenarios.js';
import { controlPlaneScenarios } from './control-plane-scenarios.js';
import type { FleetRules } from './rule-groups.js';
import { ruleTestFile } from './rule-test-file.js';
import { hasRuntimeMetrics } from './runtime-alerts.js';
import { runtimeScenarios } from './runtime-scenarios.js';
import { testClock } from './test-clock.js';
import { thresholds } from './thresholds.js';

/** Tests of this fleet's rules for promtool: each alert fires once, and once, close to its threshold, it does not. */
export function ruleTests(plan: Plan, rules: FleetRules, ruleFile: string): string | undefined {
  const limits = thresholds(plan);
  const clock = testClock(plan, limits);
  const leaf = rules.inventory.leaves.find(labels => labels.service === clock?.service.name);
  if (!clock || !leaf) return undefined;
  const scenarios = [
    ...new CertificateScenarios(rules.inventory, leaf, clock, limits).scenarios(),
    ...authorityScenarios(leaf, rules.inventory.authorities, clock, limits),
    ...controlPlaneScenarios(plan, rules.inventory, clock),
    ...(hasRuntimeMetrics(plan) ? runtimeScenarios(leaf, clock, limits) : []),
  ];
  return ruleTestFile(plan, rules, scenarios, clock, ruleFile);
}
