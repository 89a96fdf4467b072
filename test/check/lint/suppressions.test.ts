import {
  applySuppressions,
  formatBaseline,
  globPattern,
  type LocatedFinding,
  lintObjects,
  parseBaseline,
  parseLintConfig,
  readInlineSuppressions,
  type Suppression,
  withoutBaseline,
} from '../../../lib/check/lint/index.js';
import { ObjectSet, parseObjects } from '../../../lib/objects/index.js';

const DATE = '2026-11-24';
const certificate = (
  comments: { head?: string; above?: string; behind?: string },
  name = 'a',
) => `${comments.head ?? ''}apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: ${name}, namespace: shop }
spec:
  dnsNames: [${name}.shop.svc]
  secretName: ${name}
${comments.above ?? ''}  duration: 1h${comments.behind ?? ''}
  usages: [server auth]
  issuerRef: { group: other.example, kind: Signer, name: ca }
`;

function judge(text: string, extra: readonly Suppression[] = [], date = DATE) {
  const file = { name: 'a.yaml', text };
  const inline = readInlineSuppressions([file]);
  const found = lintObjects(new ObjectSet(parseObjects(text, 'a.yaml')), { date, only: ['SMT-C030'] });
  const { findings, suppressed } = applySuppressions(found, [...inline.suppressions, ...extra], { date, mayBeUnused: () => false });
  return { findings: [...inline.findings, ...findings].map(({ code, line }) => `${line} ${code}`), suppressed: suppressed.length };
}

test('without a suppression the finding stands', () => {
  expect(judge(certificate({}))).toEqual({ findings: ['7 SMT-C030'], suppressed: 0 });
});

test.each([
  ['at the end of the line', { behind: ' # sentinel-mtls: ignore[SMT-C030] one hour is the bound' }],
  ['on the line above', { above: '  # sentinel-mtls: ignore[too-few-retries] one hour is the bound\n' }],
  ['above the document', { head: '# sentinel-mtls: ignore[SMT-C002, SMT-C030] one hour is the bound\n' }],
  ['until the day itself', { behind: ` # sentinel-mtls: ignore[SMT-C030] until=${DATE} soon` }],
])('a comment %s holds it back', (_, comments) => {
  expect(judge(certificate(comments))).toEqual({ findings: [], suppressed: 1 });
});

test('a comment above a document holds for that document alone', () => {
  const text = `${certificate({ head: '# sentinel-mtls: ignore[SMT-C030] bound\n' })}---\n${certificate({}, 'b')}`;
  expect(judge(text)).toEqual({ findings: ['18 SMT-C030'], suppressed: 1 });
});

test('a day that has passed is told, and the finding counts again', () => {
  expect(judge(certificate({ behind: ' # sentinel-mtls: ignore[SMT-C030] until=2026-11-23 soon' }))).toEqual({
    findings: ['7 SMT-C030', '7 SMT-C037'],
    suppressed: 0,
  });
});

test.each([
  ['without a reason', '[SMT-C030]'],
  ['with a day as its only reason', '[SMT-C030] until=2027-01-31'],
  ['of a rule that does not exist', '[SMT-C999] because'],
  ['of no rule', ' because'],
  ['with a day that is none', '[SMT-C030] until=2026-02-31 because'],
])('a comment %s is told and not followed', (_, rest) => {
  expect(judge(certificate({ behind: ` # sentinel-mtls: ignore${rest}` }))).toEqual({
    findings: ['7 SMT-X002', '7 SMT-C030'],
    suppressed: 0,
  });
});

test('a comment that holds nothing back is told', () => {
  expect(judge(certificate({ above: '  # sentinel-mtls: ignore[SMT-C002] not there\n' }))).toEqual({
    findings: ['8 SMT-C030', '7 SMT-X003'],
    suppressed: 0,
  });
});

describe('configuration', () => {
  const parse = (text: string) => parseLintConfig({ name: '.sentinel-lint.yaml', text });

  test('holds back by rule, object and file', () => {
    const { suppressions, profile, certManager } = parse(
      'profile: cnsa2\ncertManager: "1.20"\nignore:\n  - rule: SMT-C030\n    object: Certificate shop/a\n    file: "*.yaml"\n    reason: bound\n',
    );
    expect([profile, certManager]).toEqual(['cnsa2', '1.20']);
    expect(judge(certificate({}), suppressions)).toEqual({ findings: [], suppressed: 1 });
    expect(judge(certificate({}, 'b'), suppressions)).toEqual({ findings: ['7 SMT-C030', '4 SMT-X003'], suppressed: 0 });
  });

  test.each([
    ['an unknown key', 'ignor: []\n', '.sentinel-lint.yaml:1:1 unknown key "ignor"\n  did you mean "ignore"?'],
    ['no reason', 'ignore:\n  - rule: SMT-C030\n', '.sentinel-lint.yaml:2:5 gives no reason\n  add reason: why the finding may stay'],
    [
      'no such rule',
      'ignore:\n  - rule: SMT-C999\n    reason: x\n',
      '.sentinel-lint.yaml:2:5 there is no rule "SMT-C999"\n  list them with sentinel-mtls explain',
    ],
    ['a number', 'certManager: 1.20\n', '.sentinel-lint.yaml:1:1 "certManager" is no text\n  put it in quotes: 1.20 is a number to YAML'],
    [
      'a day that is none',
      'ignore:\n  - { rule: SMT-C030, reason: x, until: soon }\n',
      '.sentinel-lint.yaml:2:34 "soon" is no day\n  expected a day such as 2027-01-31',
    ],
    ['no map', '- a\n', '.sentinel-lint.yaml:1:1 is no map\n  expected keys: '],
  ])('%s is an error with its place', (_, text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  test('globs', () => {
    const takes = (glob: string, file: string): boolean => globPattern(glob).test(file);
    expect([
      takes('*.yaml', 'a/b.yaml'),
      takes('a/*.yaml', 'a/b.yaml'),
      takes('a/*.yaml', 'a/b/c.yaml'),
      takes('a/**/*.yaml', 'a/b/c.yaml'),
      takes('a/**', 'b/a/x'),
    ]).toEqual([true, true, false, true, false]);
  });
});

describe('baseline', () => {
  const findingsOf = (...texts: readonly string[]): LocatedFinding[] =>
    lintObjects(new ObjectSet(texts.flatMap((text, index) => parseObjects(text, `${index}.yaml`))), { date: DATE, only: ['SMT-C030'] });

  test('holds back what was there, also when it moved, and counts what is gone', () => {
    const baseline = parseBaseline(formatBaseline(findingsOf(certificate({}), certificate({}, 'b'))), 'baseline.json');
    const moved = findingsOf(`# moved\n\n${certificate({})}`, certificate({}, 'c'));
    const { fresh, known, gone } = withoutBaseline(moved, baseline);
    expect([fresh.map(({ object }) => object), known, gone]).toEqual([['Certificate shop/c'], 1, 1]);
  });

  test('is the same text for the same findings', () => {
    const findings = findingsOf(certificate({}), certificate({}, 'b'));
    expect(formatBaseline([...findings].reverse())).toBe(formatBaseline(findings));
  });

  test.each([
    ['no JSON', '{', /^baseline\.json: is no JSON/],
    ['another version', '{"schemaVersion":2,"findings":[]}', /is no baseline of version 1/],
    ['an entry without fingerprint', '{"schemaVersion":1,"findings":[{}]}', /entry 1 has no fingerprint/],
  ])('%s is an error', (_, text, message) => {
    expect(() => parseBaseline(text, 'baseline.json')).toThrow(message);
  });
});
