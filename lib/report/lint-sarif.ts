import { pathToFileURL } from 'node:url';
import type { Finding, Rule } from '../check/lint/index.js';
import { RULES } from '../check/lint/index.js';
import type { LintResult } from './lint-result.js';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';

/** The findings as SARIF 2.1.0, with the rules that they come from. */
export function formatLintSarif({ findings, version }: LintResult): string {
  const used = new Set(findings.map(({ code }) => code));
  const rules = RULES.filter(({ code }) => used.has(code));
  const indexOf = new Map(rules.map(({ code }, index) => [code, index]));
  const log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'sentinel-mtls', version, semanticVersion: version, rules: rules.map(descriptor) } },
        columnKind: 'utf16CodeUnits',
        results: findings.map(finding => resultOf(finding, indexOf.get(finding.code) ?? -1)),
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

function descriptor({ code, name, summary, why, fix, severity, standards, persona }: Rule): unknown {
  return {
    id: code,
    name: name.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase()),
    shortDescription: { text: summary },
    fullDescription: { text: why },
    help: { text: `${why} Fix: ${fix}. By: ${standards.join('; ')}. See: sentinel-mtls explain ${code}.` },
    defaultConfiguration: { level: severity },
    properties: { tags: ['security', 'certificates', persona] },
  };
}

function resultOf(finding: Finding, ruleIndex: number): unknown {
  const { code, severity, message, fix, object, path, fingerprint, related, fleet } = finding;
  const places = [
    ...related.map(({ file, line, text }) => ({ file, line, text })),
    ...(fleet ? [{ file: fleet.file, line: fleet.line, text: 'written from this line of the fleet' }] : []),
  ];
  return {
    ruleId: code,
    ruleIndex,
    level: severity,
    message: { text: `${message}. Fix: ${fix}.` },
    locations: [
      {
        physicalLocation: location(finding.file, finding.line, finding.column, finding.endColumn),
        ...(object === ''
          ? {}
          : { logicalLocations: [{ fullyQualifiedName: path === '' ? object : `${object} ${path}`, kind: 'resource' }] }),
      },
    ],
    ...(places.length === 0
      ? {}
      : {
          relatedLocations: places.map(({ file, line, text }, id) => ({ id, physicalLocation: location(file, line), message: { text } })),
        }),
    partialFingerprints: { 'sentinelMtlsFault/v1': fingerprint },
  };
}

function location(file: string, line: number, column?: number, endColumn?: number): unknown {
  const region = {
    startLine: line,
    ...(column === undefined ? {} : { startColumn: column }),
    ...(endColumn !== undefined && column !== undefined && endColumn > column ? { endColumn } : {}),
  };
  return { artifactLocation: { uri: uriOf(file) }, region };
}

/** Relative to the working folder, which is the root of the repository in CI; an absolute path as a file URL. */
function uriOf(file: string): string {
  if (file.startsWith('/')) return pathToFileURL(file).href;
  return file.split('/').map(encodeURIComponent).join('/');
}
