import { isRecord } from '../../../objects/index.js';
import type { Finding } from '../finding.js';

const SCHEMA_VERSION = 1;

/** A baseline that can't be used. */
export class BaselineError extends Error {
  override readonly name = 'BaselineError';
  readonly code = 'LINT_BASELINE_INVALID';
}

/** How often each fault was there when the baseline was written. */
export type Baseline = ReadonlyMap<string, number>;

/** The findings of an old repository, so that only new ones are told. Sorted, so that a diff shows what changed. */
export function formatBaseline(findings: readonly Finding[]): string {
  const entries = findings.map(({ fingerprint, code, object, path, file }) => ({ fingerprint, code, object, path, file }));
  const keyOf = (entry: (typeof entries)[number]): string =>
    [entry.file, entry.object, entry.path, entry.code, entry.fingerprint].join('\u0000');
  entries.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  return `${JSON.stringify({ schemaVersion: SCHEMA_VERSION, findings: entries }, undefined, 2)}\n`;
}

/** @throws BaselineError */
export function parseBaseline(text: string, file: string): Baseline {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch (error) {
    throw new BaselineError(`${file}: is no JSON: ${(error as Error).message}\n  write it with --write-baseline ${file}`);
  }
  if (!isRecord(root) || root.schemaVersion !== SCHEMA_VERSION || !Array.isArray(root.findings))
    throw new BaselineError(`${file}: is no baseline of version ${SCHEMA_VERSION}\n  write it with --write-baseline ${file}`);
  const counts = new Map<string, number>();
  for (const [index, entry] of root.findings.entries()) {
    const fingerprint: unknown = isRecord(entry) ? entry.fingerprint : undefined;
    if (typeof fingerprint !== 'string')
      throw new BaselineError(`${file}: entry ${index + 1} has no fingerprint\n  write it with --write-baseline ${file}`);
    counts.set(fingerprint, (counts.get(fingerprint) ?? 0) + 1);
  }
  return counts;
}

/** Findings that are not in the baseline, and how many of its entries are gone. */
export function withoutBaseline<T extends Finding>(
  findings: readonly T[],
  baseline: Baseline,
): { readonly fresh: readonly T[]; readonly known: number; readonly gone: number } {
  const left = new Map(baseline);
  const fresh = findings.filter(({ fingerprint }) => {
    const count = left.get(fingerprint) ?? 0;
    if (count > 0) left.set(fingerprint, count - 1);
    return count === 0;
  });
  const gone = [...left.values()].reduce((sum, count) => sum + count, 0);
  return { fresh, known: findings.length - fresh.length, gone };
}
