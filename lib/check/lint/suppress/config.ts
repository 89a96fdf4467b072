import { list, nearest } from '../../../fleet/did-you-mean.js';
import { isRecord, locateField, parseYamlText, type SourceFile } from '../../../objects/index.js';
import { codesOf, isDay, type Suppression } from './suppression.js';

/** A configuration that can't be used; the message names file, line and column. */
export class LintConfigError extends Error {
  override readonly name = 'LintConfigError';
  readonly code = 'LINT_CONFIG_INVALID';
}

export interface LintConfig {
  readonly profile?: string;
  readonly persona?: string;
  readonly certManager?: string;
  readonly kubernetes?: string;
  readonly clusterResourceNamespace?: string;
  readonly trustNamespace?: string;
  /** Globs of files that are not looked at. */
  readonly exclude: readonly string[];
  readonly suppressions: readonly Suppression[];
}

const TEXTS = ['profile', 'persona', 'certManager', 'kubernetes', 'clusterResourceNamespace', 'trustNamespace'] as const;
const KEYS = [...TEXTS, 'exclude', 'ignore'];
const IGNORE_KEYS = ['rule', 'object', 'file', 'reason', 'until'];

/** Reads `.sentinel-lint.yaml`. @throws LintConfigError */
export function parseLintConfig(file: SourceFile): LintConfig {
  const document = { file, start: 0, end: file.text.length, line: 1 };
  const fail = (path: readonly (string | number)[], problem: string, next: string): never => {
    const { key, indent } = locateField(document, path);
    const line = file.text.slice(0, key[0]).split('\n').length;
    throw new LintConfigError(`${file.name}:${line}:${indent + 1} ${problem}\n  ${next}`);
  };
  const root = parseYamlText(file) ?? {};
  if (!isRecord(root)) return fail([], 'is no map', `expected keys: ${list(KEYS)}`);
  const known = (value: Readonly<Record<string, unknown>>, keys: readonly string[], path: readonly (string | number)[]): void => {
    for (const key of Object.keys(value)) {
      if (keys.includes(key)) continue;
      const meant = nearest(key, keys);
      fail([...path, key], `unknown key "${key}"`, meant === undefined ? `expected one of ${list(keys)}` : `did you mean "${meant}"?`);
    }
  };
  known(root, KEYS, []);
  const text = (value: unknown, path: readonly (string | number)[]): string | undefined => {
    if (value === undefined || value === null) return undefined;
    return typeof value === 'string' ? value : fail(path, `"${path.at(-1)}" is no text`, 'put it in quotes: 1.20 is a number to YAML');
  };
  const texts = Object.fromEntries(TEXTS.map(key => [key, text(root[key], [key])]).filter(([, value]) => value !== undefined));
  const listOf = (key: string): readonly unknown[] => {
    const value = root[key];
    if (value === undefined || value === null) return [];
    return Array.isArray(value) ? value : fail([key], `"${key}" is no list`, `expected a list under "${key}"`);
  };
  const suppressions = listOf('ignore').map((entry, index): Suppression => {
    const path = ['ignore', index];
    if (!isRecord(entry)) return fail(path, 'is no map', `expected keys: ${list(IGNORE_KEYS)}`);
    known(entry, IGNORE_KEYS, path);
    const [rule, object, glob, reason, until] = IGNORE_KEYS.map(key => text(entry[key], [...path, key]));
    const codes =
      rule === undefined
        ? fail(path, 'names no rule', 'add rule: SMT-C014, or a list with commas')
        : codesOf(rule.split(',').map(each => each.trim()));
    if ('unknown' in codes) return fail([...path, 'rule'], `there is no rule "${codes.unknown}"`, 'list them with sentinel-mtls explain');
    if (reason === undefined || reason.trim() === '') return fail(path, 'gives no reason', 'add reason: why the finding may stay');
    if (until !== undefined && !isDay(until)) return fail([...path, 'until'], `"${until}" is no day`, 'expected a day such as 2027-01-31');
    const files = glob === undefined ? undefined : globPattern(glob);
    const { key } = locateField(document, path);
    return {
      codes,
      reason,
      until,
      file: file.name,
      line: file.text.slice(0, key[0]).split('\n').length,
      covers: finding => (object === undefined || finding.object === object) && (files === undefined || files.test(finding.file)),
    };
  });
  const exclude = listOf('exclude').map((value, index) => text(value, ['exclude', index]) ?? '');
  return { ...texts, exclude, suppressions };
}

/** `**` is any number of folders, `*` any part of a name; a pattern without a slash takes the name alone. */
export function globPattern(glob: string): RegExp {
  const source = glob
    .split(/(\*\*\/|\*\*|\*|\?)/)
    .map(part =>
      part === '**/'
        ? '(?:.*/)?'
        : part === '**'
          ? '.*'
          : part === '*'
            ? '[^/]*'
            : part === '?'
              ? '[^/]'
              : part.replace(/[.+^${}()|[\]\\]/g, '\\$&'),
    )
    .join('');
  return new RegExp(`${glob.includes('/') ? '^(?:\\./)?' : '(?:^|/)'}${source}$`);
}
