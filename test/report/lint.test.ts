import { readFileSync } from 'node:fs';
import Ajv from 'ajv';
import { load } from 'js-yaml';
import { type Finding, lintObjects, RULES, unreadableFindings } from '../../lib/check/lint/index.js';
import { ObjectSet, ObjectsError, parseObjects, type SourceFile } from '../../lib/objects/index.js';
import {
  formatLintGithub,
  formatLintJson,
  formatLintJunit,
  formatLintSarif,
  formatLintText,
  formatRulePage,
  formatRuleText,
  type LintResult,
} from '../../lib/report/index.js';

const HOSTILE = 'evil"]]>\u001b[31m\n::error::x,%:<&>\u202e';
const TEXT = `apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: ["*.shop.svc", ${JSON.stringify(HOSTILE)}]
  secretName: orders-tls
  duration: 1h
  usages: [server auth]
  keystores: { jks: { create: true, password: hunter2 } }
  issuerRef: { group: other.example, kind: Signer, name: ca }
---
apiVersion: v1
kind: Secret
metadata: { name: orders-tls, namespace: shop }
data: { tls.key: c2VjcmV0IGtleSBtYXRlcmlhbCBjMlZqY21WMElHdGxlU0J0WVhSbGNtbGhiQQ== }
strinData: { a: topsecret }
`;

function resultOf(text: string, name = 'deploy/a b.yaml', extra: readonly Finding[] = []): LintResult {
  const file: SourceFile = { name, text };
  const findings = [...lintObjects(new ObjectSet(parseObjects(text, name)), { date: '2026-11-24' }), ...extra];
  return { findings, suppressed: 0, objects: 2, files: [file, { name: 'clean.yaml', text: '' }], profile: 'default', version: '0.1.0' };
}

const result = resultOf(
  TEXT,
  'deploy/a b.yaml',
  unreadableFindings([new ObjectsError({ file: '/abs/x.yaml', line: 3 }, 'is not valid YAML')]),
);

/** The schema of SARIF 2.1.0 as a matcher library of its makers carries it; draft 4, of which it uses nothing that later drafts changed. */
function sarifErrors(log: unknown): readonly unknown[] {
  const path = require.resolve('@microsoft/jest-sarif/package.json').replace('package.json', 'lib/schemas/sarif-2.1.0-rtm.5.json');
  const { $schema: _, id: __, ...schema } = JSON.parse(readFileSync(path, 'utf8'));
  const validate = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false, allErrors: true }).compile(schema);
  return validate(log) ? [] : (validate.errors ?? []);
}

test('the findings that the outputs below are made of', () => {
  expect(result.findings.map(({ code, line }) => `${line} ${code}`)).toEqual([
    '5 SMT-M001',
    '5 SMT-C008',
    '6 SMT-M010',
    '7 SMT-C030',
    '9 SMT-M024',
    '16 SMT-S001',
    '3 SMT-X001',
  ]);
});

describe('text', () => {
  const text = formatLintText(result);

  test('shows the line of the source with marks under the field', () => {
    expect(
      formatLintText(resultOf(TEXT.replace(JSON.stringify(HOSTILE), 'b.shop.svc'))),
    ).toContain(`warning[SMT-C030]: is renewed 20 minutes before its end: too late for two retries
 --> deploy/a b.yaml:7:3
  |
7 |   duration: 1h
  |   ^^^^^^^^
  = in: Certificate shop/orders-tls, spec.duration
  = fix: renew at least 3 hours before the end, with a duration of half a day or more
  = rule: too-few-retries, see sentinel-mtls explain SMT-C030
`);
  });

  test('a terminal is told nothing by what is in a file', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u202e]/);
    expect(text).toContain('\\u{1b}[31m');
  });

  test('colours only when asked for', () => {
    expect(formatLintText(result, { color: true })).toContain('\u001b[1;31merror[SMT-M001]\u001b[0m');
  });

  test('names what there was, and how much', () => {
    expect(text.trimEnd().split('\n').at(-1)).toBe('4 errors, 3 warnings in 2 objects of 2 files (profile default)');
    expect(formatLintText({ ...result, findings: [], suppressed: 2 })).toBe(
      'no findings in 2 objects of 2 files, 2 findings suppressed (profile default)\n',
    );
  });
});

test('no output has a password, the content of a Secret or a key', () => {
  for (const format of [formatLintText, formatLintJson, formatLintSarif, formatLintGithub, formatLintJunit]) {
    const output = format(result);
    expect(output).toContain('SMT-M024');
    expect(output).not.toMatch(/hunter2|topsecret|c2VjcmV0/);
  }
});

test('a password that was written as a number of a variable is in no output', () => {
  const pod =
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: a, namespace: b }\nspec:\n  selector: { matchLabels: { app: a } }\n  template:\n    metadata: { labels: { app: a } }\n    spec:\n      containers:\n        - name: a\n          image: a:1\n          env:\n            - name: DATABASE_PASSWORD\n              value: 31337123\n';
  const found = resultOf(pod, 'pod.yaml');
  expect(found.findings.map(({ code, line }) => `${line} ${code}`)).toEqual(['14 SMT-S001']);
  for (const format of [formatLintText, formatLintJson, formatLintSarif, formatLintGithub, formatLintJunit])
    expect(format(found)).not.toContain('31337');
});

test('json has every finding with its place, in a form that is promised', () => {
  const document = JSON.parse(formatLintJson(result));
  expect(document).toMatchObject({ schemaVersion: 1, objects: 2, files: 2, counts: { error: 4, warning: 3, note: 0 } });
  expect(Object.keys(document.findings[0])).toEqual([
    'code',
    'name',
    'severity',
    'persona',
    'message',
    'fix',
    'object',
    'path',
    'file',
    'line',
    'column',
    'endColumn',
    'related',
    'fingerprint',
  ]);
});

describe('sarif', () => {
  test('is valid by the schema of SARIF 2.1.0', () => {
    expect(sarifErrors(JSON.parse(formatLintSarif(result)))).toEqual([]);
    expect(sarifErrors(JSON.parse(formatLintSarif({ ...result, findings: [] })))).toEqual([]);
  });

  test('that check can fail', () => {
    const log = JSON.parse(formatLintSarif(result));
    log.runs[0].results[0].level = 'bad';
    expect(sarifErrors(log)).not.toEqual([]);
  });

  test('names each rule once, each result by its index, with a fingerprint that does not move', () => {
    const [run] = JSON.parse(formatLintSarif(result)).runs;
    const { rules } = run.tool.driver;
    for (const { ruleId, ruleIndex } of run.results) expect(rules[ruleIndex].id).toBe(ruleId);
    expect(new Set(rules.map((rule: { id: string }) => rule.id)).size).toBe(rules.length);
    const prints = (text: string): string[] =>
      JSON.parse(formatLintSarif(resultOf(text))).runs[0].results.map((each: { partialFingerprints: object }) =>
        JSON.stringify(each.partialFingerprints),
      );
    expect(prints(`# a line more\n\n${TEXT}`)).toEqual(prints(TEXT));
    expect(new Set(prints(TEXT)).size).toBe(prints(TEXT).length);
  });

  test('paths are URIs: relative ones escaped, absolute ones with a scheme', () => {
    const uris = JSON.parse(formatLintSarif(result)).runs[0].results.map(
      (each: { locations: { physicalLocation: { artifactLocation: { uri: string } } }[] }) =>
        each.locations[0]?.physicalLocation.artifactLocation.uri,
    );
    expect(new Set(uris)).toEqual(new Set(['deploy/a%20b.yaml', 'file:///abs/x.yaml']));
  });
});

test('github: one command a line, and what is in a file can start none', () => {
  const lines = formatLintGithub(result).trimEnd().split('\n');
  expect(lines).toHaveLength(result.findings.length + 1);
  expect(
    lines
      .slice(0, -1)
      .every(line => /^::(error|warning|notice) file=[^,]*,line=\d+,col=\d+(,endColumn=\d+)?,title=SMT-\w\d{3} [\w-]+::/.test(line)),
  ).toBe(true);
  expect(lines.at(-1)).toBe('4 errors, 3 warnings');
});

test('junit is well-formed XML whatever is in a file, with a case for each finding and each clean file', () => {
  const xml = formatLintJunit(result);
  // the content of every tag and text is one that XML takes: no bare <, > or &, no control characters
  const rest = xml.replace(/<\?xml[^>]*\?>|<\/?[a-z]+(?: [a-z]+="[^"<>]*")*\/?>/g, '').replace(/&(?:amp|lt|gt|quot|apos);/g, '');
  expect(rest).not.toMatch(/[<>&]/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
  expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
  expect(xml).toContain(`<testsuites name="sentinel-mtls lint" tests="8" failures="7" errors="0">`);
  expect(xml.match(/<testcase /g)).toHaveLength(8);
});

test.each(RULES.map(rule => [rule.code, rule] as const))('%s has a page and a text with examples that are YAML', (code, rule) => {
  const page = formatRulePage(rule);
  expect(page).toMatch(new RegExp(`^# ${code} ${rule.name}\n`));
  const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text ?? '');
  expect(examples).toHaveLength(2);
  if (code !== 'SMT-X001')
    for (const text of examples.flatMap(each => each.split(/^---$/m))) expect(load(text)).toMatchObject({ kind: expect.any(String) });
  expect(formatRuleText(rule)).toContain(`Fix: ${rule.fix}`);
});
