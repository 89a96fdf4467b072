import { type Finding, lintObjects } from '../../check/lint/index.js';
import { groupBy } from '../_values.js';
import type { Living } from '../state/index.js';
import type { Check, Trouble } from './check.js';

const found = new WeakMap<Living, ReadonlyMap<string, readonly Finding[]>>();
const codes = new Set<string>();

/** A failure mode that a rule of the linter finds in objects, whether they come from files or from a cluster. */
export function byRule(check: Omit<Check, 'find'>, ...rules: readonly [string, ...string[]]): Check {
  for (const rule of rules) codes.add(rule);
  return {
    ...check,
    *find(living): Generator<Trouble> {
      for (const rule of rules)
        for (const { object, message, path, fix, severity } of findingsOf(living).get(rule) ?? [])
          yield {
            object,
            evidence: `${message}${path === '' ? '' : ` (${path})`}`,
            next: `${fix}; sentinel-mtls explain ${rule}`,
            level: severity === 'error' ? 'error' : 'warning',
          };
    },
  };
}

/** All rules in one go; they share what they look up. */
function findingsOf(living: Living): ReadonlyMap<string, readonly Finding[]> {
  let findings = found.get(living);
  if (findings === undefined) {
    const { clusterResourceNamespace, trustNamespace, date } = living.world.settings;
    const all = lintObjects(living.objects, { only: [...codes], persona: 'pedantic', clusterResourceNamespace, trustNamespace, date });
    findings = groupBy(all, ({ code }) => code);
    found.set(living, findings);
  }
  return findings;
}
