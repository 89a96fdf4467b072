import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  applySuppressions,
  type LintOptions,
  type LocatedFinding,
  lintObjects,
  profileDependent,
  RULES,
  readInlineSuppressions,
  unreadableFindings,
} from '../../../lib/check/lint/index.js';
import { readManifests } from '../../../lib/objects/index.js';

const FOLDER = join(__dirname, '../../fixtures/foreign');
const DATE = '2026-11-24';
/** Judged together, as one repository. */
const TOGETHER = ['authority.yaml', 'trust.yaml', 'certificates.yaml', 'public.yaml', 'vault.yaml', 'workloads.yaml', 'network.yaml'];
const ALONE = ['requests.yaml', 'standards.yaml', 'suppressed.yaml', 'herd.yaml'];

function lint(files: readonly string[], options: LintOptions): LocatedFinding[] {
  const { objects, unreadable, files: texts } = readManifests(files.map(file => join(FOLDER, file)));
  const inline = readInlineSuppressions(texts);
  const found = lintObjects(objects, { date: DATE, persona: 'auditor', ...options });
  const { findings } = applySuppressions(found, inline.suppressions, { date: DATE, mayBeUnused: profileDependent });
  return [...unreadableFindings(unreadable), ...inline.findings, ...findings];
}

/** `file:line code` of every mark. */
function planted(files: readonly string[]): string[] {
  return files.flatMap(file =>
    readFileSync(join(FOLDER, file), 'utf8')
      .split('\n')
      .flatMap((line, index) => (/# planted: (.+)$/.exec(line)?.[1] ?? '').split(' ').map(code => `${file}:${index + 1} ${code}`))
      .filter(text => / SMT-/.test(text)),
  );
}

const found = (findings: readonly LocatedFinding[]): string[] => [
  ...new Set(findings.map(({ file, line, code }) => `${file.split('/').at(-1)}:${line} ${code}`)),
];

function optionsOf(file: string): LintOptions {
  const [first = ''] = readFileSync(join(FOLDER, file), 'utf8').split('\n');
  const profile = /--profile (\S+)/.exec(first)?.[1];
  const certManager = /--cert-manager (\S+)/.exec(first)?.[1];
  return { ...(profile === undefined ? {} : { profile }), ...(certManager === undefined ? {} : { certManager }) };
}

test('every planted fault of the repository is found at its line, and nothing else', () => {
  expect(found(lint(TOGETHER, {})).sort()).toEqual(planted(TOGETHER).sort());
});

test.each(ALONE)('every planted fault of %s is found at its line, and nothing else', file => {
  expect(found(lint([file], optionsOf(file))).sort()).toEqual(planted([file]).sort());
});

test('every rule is planted', () => {
  const codes = new Set(planted([...TOGETHER, ...ALONE]).map(text => text.split(' ')[1]));
  expect(RULES.map(({ code }) => code).filter(code => !codes.has(code))).toEqual([]);
});
