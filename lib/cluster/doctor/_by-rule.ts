import { pathText } from '../../check/lint/finding.js';
import { hears, ruleOf } from '../../check/lint/index.js';
import { objectName } from '../../objects/index.js';
import type { Check, Trouble } from './check.js';

/** A failure mode that a rule of the linter finds in objects, whether they come from files or from a cluster. */
export function byRule(check: Omit<Check, 'find'>, ...codes: readonly [string, ...string[]]): Check {
  return {
    ...check,
    *find({ world }): Generator<Trouble> {
      for (const code of codes) {
        const rule = ruleOf(code);
        if (rule === undefined) throw new Error(`there is no rule ${code}`);
        for (const { object, path, message, ...report } of rule.check(world)) {
          // what an auditor must judge is no failure that was seen
          if (!hears('pedantic', report.persona ?? rule.persona)) continue;
          yield {
            object: objectName(object),
            evidence: `${message}${path.length === 0 ? '' : ` (${pathText(path)})`}`,
            next: `${report.fix ?? rule.fix}; sentinel-mtls explain ${code}`,
            level: (report.severity ?? rule.severity) === 'error' ? 'error' : 'warning',
          };
        }
      }
    },
  };
}
