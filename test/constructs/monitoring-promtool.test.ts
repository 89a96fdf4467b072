import { checkRules, promtool, testRules } from './promtool';
import { planOf, write } from './promtool-plans';

const ENVIRONMENTS = ['dev', 'staging', 'prod', 'short', 'public'] as const;

const filesOf = (environment: string): { readonly rules: string; readonly tests: string } => {
  const { files } = write(planOf(environment));
  return { rules: files['monitoring/rules.yaml'] ?? '', tests: files['monitoring/rules.test.yaml'] ?? '' };
};

const alertNames = (rules: string): string[] => [...rules.matchAll(/- alert: (\w+)/g)].map(match => match[1] ?? '');

test('without promtool the checks fail and say which package has it', () => {
  const path = process.env.PATH;
  process.env.PATH = '/nowhere';
  try {
    expect(() => promtool()).toThrow('install the Debian package "prometheus"');
  } finally {
    process.env.PATH = path;
  }
});

test.each(ENVIRONMENTS)('promtool finds nothing wrong with the rules of "%s"', environment => {
  expect(checkRules(filesOf(environment).rules)).toMatchObject({ ok: true });
});

test.each(ENVIRONMENTS)('the rules of "%s" pass the tests that are written with them', environment => {
  const { rules, tests } = filesOf(environment);
  expect(testRules(rules, tests)).toMatchObject({ ok: true });
});

test('the tests notice each alert that can no longer fire', () => {
  const { rules, tests } = filesOf('public');
  // GIVEN conditions that are never true
  const silent = rules.replace(/(- alert: \w+\n {4}expr: )(?:\|-\n(?: {6}.*\n)+|.*\n)/g, '$1"vector(0) > 1"\n');
  const { ok, text } = testRules(silent, tests);
  expect(ok).toBe(false);
  for (const name of alertNames(rules)) expect(text).toContain(`alertname: ${name},`);
});

test('the tests notice each alert that fires at once', () => {
  const { rules, tests } = filesOf('public');
  // GIVEN conditions that are always true
  const noisy = rules.replace(/(- alert: \w+\n {4}expr: )(?:\|-\n(?: {6}.*\n)+|.*\n)(?: {4}for: .*\n)?/g, '$1vector(1)\n');
  const { ok, text } = testRules(noisy, tests);
  expect(ok).toBe(false);
  for (const name of alertNames(rules)) expect(text).toMatch(new RegExp(`alertname: ${name}, time: \\w+, *\\n\\s+exp:\\[\\]`));
});

// Mistakes that other rule sets have made: [what, pattern, replacement, an alert that must be noticed]
const MISTAKES: readonly (readonly [string, RegExp, string, string])[] = [
  ['reads 0 as a date', /(sentinel:certificate_info\{fleet="sentinel"\}) > 0/g, '$1', 'MtlsCertificateExpired'],
  ['does not know exported_namespace', /"\$1", "exported_namespace"/g, '"$1", "no_such_label"', 'MtlsCertificateRenewalOverdue'],
  ['sums over replicas', /max by \(namespace, name\)/g, 'sum by (namespace, name)', 'MtlsCertificateRenewalStuck'],
  ['takes a fixed number of days', /\) \* 7 \/ 15/g, ') * 0 + 21 * 86400', 'CertificateExpiringSoon'],
  [
    'confuses not ready with never issued',
    /(certificate_ready:max\{fleet="sentinel"\} == 0)\n +(?:and|unless) .*/g,
    '$1',
    'MtlsCertificateNotReady',
  ],
  ['looks at all issuers of the cluster', /,name="sentinel-ca-issuer"/g, '', 'MtlsIssuerNotReady'],
  ['counts what audit let through as denied', /enforced="true"/g, 'enforced=~"true|false"', 'MtlsCallerDenied'],
  [
    'waits for a counter to rise that begins with 1',
    /unless (sentinel_mtls_denials_total\{[^}]*\}) offset 15m/g,
    'unless $1',
    'MtlsCallerDenied',
  ],
  ['takes 0 for a certificate that ended long ago', /(not_after_seconds) > 0\)/g, '$1)', 'MtlsServedIsNotIssued'],
  ['is late by a third of the window', /\/ 4, 6 \* 3600/g, '/ 2, 96 * 3600', 'MtlsCertificateRenewalOverdue'],
];

test.each(MISTAKES)('the tests notice a rule set that %s', (_, pattern, replacement, noticed) => {
  const { rules, tests } = filesOf('prod');
  const mutated = rules.replace(pattern, replacement);
  expect(mutated).not.toBe(rules);
  const { ok, text } = testRules(mutated, tests);
  expect(ok).toBe(false);
  expect(text).toContain(`alertname: ${noticed},`);
});
