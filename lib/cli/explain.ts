import { RULES, ruleOf } from '../check/lint/index.js';
import { nearest } from '../fleet/did-you-mean.js';
import { formatRuleList, formatRuleText } from '../report/index.js';
import { parse } from './arguments.js';
import { EXIT, UsageError } from './exit.js';

export async function run(args: readonly string[]): Promise<number> {
  const { positionals } = parse(args, {}, true);
  if (positionals.length > 1) throw new UsageError(`explain takes one rule, got ${positionals.length}`, 'name one code, as SMT-C014');
  const [wanted] = positionals;
  if (wanted === undefined) {
    process.stdout.write(formatRuleList(RULES));
    return EXIT.ok;
  }
  const rule = ruleOf(wanted);
  if (!rule) {
    const meant = nearest(
      wanted,
      RULES.flatMap(({ code, name }) => [code, name]),
    );
    throw new UsageError(
      `there is no rule "${wanted}"`,
      meant === undefined ? 'list them with sentinel-mtls explain' : `did you mean "${meant}"?`,
    );
  }
  process.stdout.write(formatRuleText(rule));
  return EXIT.ok;
}
