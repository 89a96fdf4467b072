import type { Finding } from '../check/lint/index.js';
import { countBySeverity, type LintResult } from './lint-result.js';

/** Version of the JSON form; it changes when a field changes its meaning or goes away. */
const SCHEMA_VERSION = 1;

/** The findings as one document. */
export function formatLintJson({ findings, suppressed, objects, files, profile, version }: LintResult): string {
  const document = {
    schemaVersion: SCHEMA_VERSION,
    tool: { name: 'sentinel-mtls', version },
    profile,
    objects,
    files: files.length,
    suppressed,
    counts: countBySeverity(findings),
    findings: findings.map(plain),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** Only what the form promises, in its order. */
function plain(finding: Finding): Finding {
  const { code, name, severity, persona, message, fix, object, path, file, line, column, endColumn, related, fleet, fingerprint } = finding;
  return {
    code,
    name,
    severity,
    persona,
    message,
    fix,
    object,
    path,
    file,
    line,
    column,
    endColumn,
    related,
    ...(fleet ? { fleet } : {}),
    fingerprint,
  };
}
