import { Buffer } from 'node:buffer';
import type { Finding } from '../check/lint/index.js';
import type { LintResult } from './lint-result.js';

/** JUnit's XML: a suite a file, a case a finding; files without findings are cases that passed. */
export function formatLintJunit({ findings, files }: LintResult): string {
  const byFile = new Map<string, Finding[]>(files.map(({ name }) => [name, []]));
  for (const finding of findings) byFile.set(finding.file, [...(byFile.get(finding.file) ?? []), finding]);
  const suites = [...byFile].map(([file, found]) => suite(file, found));
  const failures = findings.length;
  const tests = suites.length === 0 ? 0 : [...byFile.values()].reduce((sum, found) => sum + Math.max(1, found.length), 0);
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="sentinel-mtls lint" tests="${tests}" failures="${failures}" errors="0">
${suites.join('\n')}
</testsuites>
`;
}

function suite(file: string, findings: readonly Finding[]): string {
  const cases = findings.length === 0 ? [`    <testcase name="no findings" classname="${xml(file)}"/>`] : findings.map(testCase);
  return `  <testsuite name="${xml(file)}" tests="${cases.length}" failures="${findings.length}" errors="0">
${cases.join('\n')}
  </testsuite>`;
}

function testCase({ code, name, severity, message, fix, object, path, file, line, column }: Finding): string {
  const about = object === '' ? '' : `${object} ${path}`.trim();
  return `    <testcase name="${xml(`${code} ${name}${about === '' ? '' : `: ${about}`}`)}" classname="${xml(file)}" file="${xml(file)}" line="${line}">
      <failure type="${severity}" message="${xml(message)}">${xml(`${file}:${line}:${column} ${message}\nfix: ${fix}`)}</failure>
    </testcase>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** XML 1.0 allows no control characters, not even escaped, and no lone surrogates. */
function xml(text: string): string {
  // by way of UTF-8, which has no lone surrogates
  return Buffer.from(text)
    .toString()
    .replace(NOT_IN_XML, '\ufffd')
    .replace(/[&<>"']/g, character => ENTITIES[character] ?? character);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML can't hold
const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
