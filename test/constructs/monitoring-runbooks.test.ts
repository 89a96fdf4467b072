import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RULES } from '../../lib/check/lint';
import { COMMAND_NAMES, optionsOf } from '../../lib/cli/help';
import { checkExpressions } from './promtool';
import { planOf, write } from './promtool-plans';

const FOLDER = join(__dirname, '../../docs/runbooks');
const SECTIONS = ['Meaning', 'Impact', 'Diagnosis', 'Mitigation', 'Threshold rationale', 'Known false positives', 'Escalation'];

const runbooks = readdirSync(FOLDER).map(file => ({ name: file.replace(/\.md$/, ''), text: readFileSync(join(FOLDER, file), 'utf8') }));

test('every alert has a runbook, and every runbook an alert', () => {
  const alerts = new Set<string>();
  for (const environment of ['dev', 'prod', 'public']) {
    const rules = write(planOf(environment)).files['monitoring/rules.yaml'] ?? '';
    for (const [, name = ''] of rules.matchAll(/- alert: (\w+)/g)) alerts.add(name);
  }
  expect(runbooks.map(runbook => runbook.name).sort()).toEqual([...alerts].sort());
});

test.each(runbooks)('the runbook of $name says what it means, what to do, and why it fires when it does', ({ name, text }) => {
  expect(text.startsWith(`# ${name}\n`)).toBe(true);
  expect([...text.matchAll(/^## (.+)$/gm)].map(match => match[1])).toEqual(SECTIONS);
  expect(text).toContain('kubectl');
});

test('every link between runbooks leads to one', () => {
  const names = new Set(runbooks.map(runbook => `${runbook.name}.md`));
  for (const { name, text } of runbooks) {
    for (const [, target = ''] of text.matchAll(/\]\(([^)]+)\)/g)) expect([name, target, names.has(target)]).toEqual([name, target, true]);
  }
});

test('promtool can parse every query of a runbook', () => {
  const queries = runbooks.flatMap(({ text }) => [...text.matchAll(/```promql\n([\s\S]*?)\n```/g)].map(match => match[1] ?? ''));
  expect(queries.length).toBeGreaterThanOrEqual(runbooks.length);
  expect(checkExpressions(queries)).toMatchObject({ ok: true });
});

const PROGRAMS: ReadonlySet<string> = new Set([
  'kubectl',
  'cmctl',
  'sentinel-mtls',
  'openssl',
  'vault',
  'curl',
  'helm',
  'date',
  'timedatectl',
  'chronyc',
]);

test.each(runbooks)('the commands of the runbook of $name are those of programs that exist, ours with options that it has', ({ text }) => {
  const lines = [...text.matchAll(/```sh\n([\s\S]*?)\n```/g)].flatMap(match => (match[1] ?? '').split('\n'));
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines.filter(each => each.trim() !== '' && !each.startsWith(' ') && !each.startsWith('#'))) {
    expect([line, PROGRAMS.has(line.split(/\s/)[0] ?? '')]).toEqual([line, true]);
  }
  for (const [whole, command = '', rest = ''] of text.matchAll(/sentinel-mtls ([a-z][a-z-]*)([^`\n|]*)/g)) {
    expect([whole, COMMAND_NAMES.includes(command)]).toEqual([whole, true]);
    for (const option of rest.match(/--[a-z-]+/g) ?? []) expect(optionsOf(command)).toContain(option);
  }
  for (const [code] of text.matchAll(/SMT-[A-Z]\d+/g)) expect(RULES.map(rule => rule.code)).toContain(code);
});

const METRICS = new Map(
  (JSON.parse(readFileSync(join(__dirname, '../../conformance/metrics.json'), 'utf8')).metrics as { name: string; labels: string[] }[]).map(
    ({ name, labels }) => [name, new Set([...labels, 'namespace', 'service', 'pod'])],
  ),
);

/** Metrics of the runtimes in a text that they do not have, or labels that they do not carry. */
const unknownMetrics = (text: string): string[] =>
  [...text.matchAll(/\b(sentinel_mtls_\w+)(?:\{([^}]*)\})?/g)].flatMap(([, name = '', matchers = '']) => {
    const labels = METRICS.get(name);
    if (labels === undefined) return [name];
    return [...matchers.matchAll(/(\w+)\s*=/g)].flatMap(([, label = '']) => (labels.has(label) ? [] : [`${name}{${label}}`]));
  });

test('every metric of the runtimes that a rule, a dashboard or a runbook names is one that they have', () => {
  const { files, manifests } = write(planOf('dev'));
  const written = `${files['monitoring/rules.yaml']}${files['monitoring/rules.test.yaml']}${JSON.stringify(
    manifests.map(({ body }) => body),
  )
    .replaceAll(/\\+n/g, ' ')
    .replaceAll('\\', '')}`;
  expect(written).toContain('sentinel_mtls_');
  expect(unknownMetrics(written)).toEqual([]);
  expect(runbooks.flatMap(({ text }) => unknownMetrics(text))).toEqual([]);
  expect(unknownMetrics('sentinel_mtls_handshake_total{result="x"} sentinel_mtls_reloads_total{results="x"}')).toEqual([
    'sentinel_mtls_handshake_total',
    'sentinel_mtls_reloads_total{results}',
  ]);
});
