import {
  CERT_MANAGER_VERSIONS,
  isDay,
  type LintOptions,
  PERSONAS,
  PROFILES,
  ruleOf,
  SEVERITIES,
  type Severity,
} from '../check/lint/index.js';
import { parse } from './arguments.js';
import { UsageError } from './exit.js';

export const LINT_FORMATS = ['text', 'json', 'sarif', 'github', 'junit'] as const;
export type LintFormat = (typeof LINT_FORMATS)[number];

export interface LintOutput {
  readonly format: LintFormat;
  /** Undefined for stdout. */
  readonly file: string | undefined;
}

export interface LintArguments {
  readonly paths: readonly string[];
  readonly outputs: readonly LintOutput[];
  readonly options: LintOptions;
  readonly fleet: string | undefined;
  readonly config: string | undefined;
  readonly baseline: string | undefined;
  readonly writeBaseline: string | undefined;
  readonly fix: boolean;
  readonly failOn: Severity;
  readonly strict: boolean;
  readonly values: readonly string[];
  readonly color: boolean;
}

/** @throws UsageError */
export function lintArguments(args: readonly string[]): LintArguments {
  const { values, positionals } = parse(
    args,
    {
      format: { type: 'string', multiple: true },
      profile: { type: 'string' },
      persona: { type: 'string' },
      rule: { type: 'string', multiple: true },
      date: { type: 'string' },
      'cert-manager': { type: 'string' },
      kubernetes: { type: 'string' },
      fleet: { type: 'string' },
      config: { type: 'string' },
      baseline: { type: 'string' },
      'write-baseline': { type: 'string' },
      fix: { type: 'boolean', default: false },
      'fail-on': { type: 'string' },
      strict: { type: 'boolean', default: false },
      values: { type: 'string', multiple: true },
      color: { type: 'boolean', default: false },
    },
    true,
  );
  for (const name of values.rule ?? [])
    if (!ruleOf(name)) throw new UsageError(`there is no rule "${name}"`, 'list them with sentinel-mtls explain');
  const date = values.date;
  if (date !== undefined && !isDay(date)) throw new UsageError(`--date is "${date}"`, 'expected a day such as 2026-01-31');
  const kubernetes = values.kubernetes;
  if (kubernetes !== undefined && !/^v?1\.\d{1,3}(\.\d+)?$/.test(kubernetes))
    throw new UsageError(`--kubernetes is "${kubernetes}"`, 'expected a version such as 1.34');
  return {
    paths: positionals.length === 0 ? ['.'] : positionals,
    outputs: outputsOf(values.format ?? ['text']),
    options: {
      ...defined(
        'profile',
        oneOf(
          '--profile',
          values.profile,
          PROFILES.map(({ name }) => name),
        ),
      ),
      ...defined('persona', oneOf('--persona', values.persona, PERSONAS)),
      ...defined('only', values.rule),
      ...defined('date', date),
      ...defined('certManager', oneOf('--cert-manager', values['cert-manager'], CERT_MANAGER_VERSIONS)),
      ...defined('kubernetes', kubernetes),
    },
    fleet: values.fleet,
    config: values.config,
    baseline: values.baseline,
    writeBaseline: values['write-baseline'],
    fix: values.fix,
    failOn: oneOf('--fail-on', values['fail-on'], SEVERITIES) ?? 'note',
    strict: values.strict,
    values: values.values ?? [],
    color: values.color,
  };
}

function oneOf<T extends string>(option: string, given: string | undefined, allowed: readonly T[]): T | undefined {
  if (given === undefined) return undefined;
  const found = allowed.find(value => value === given);
  if (found === undefined) throw new UsageError(`${option} is "${given}"`, `expected one of ${allowed.join(', ')}`);
  return found;
}

function defined<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };
}

function outputsOf(given: readonly string[]): LintOutput[] {
  const outputs = given.map(text => {
    const [name = '', ...rest] = text.split('=');
    const format = oneOf('--format', name, LINT_FORMATS);
    if (format === undefined) throw new UsageError('--format is empty', `expected one of ${LINT_FORMATS.join(', ')}`);
    return { format, file: rest.length === 0 ? undefined : rest.join('=') };
  });
  if (outputs.some(({ file }) => file === '')) throw new UsageError('--format names an empty file', 'write --format sarif=lint.sarif');
  const places = outputs.map(({ file }) => file);
  if (new Set(places).size < places.length)
    throw new UsageError('two formats go to one place', 'give all but one of them a file: --format text --format sarif=lint.sarif');
  return outputs;
}
