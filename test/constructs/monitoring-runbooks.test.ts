import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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
