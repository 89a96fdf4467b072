import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { tool } from '../_tools.js';
import { filesOf, GITOPS, read } from './_examples.js';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Workflow {
  readonly on: unknown;
  readonly permissions: unknown;
  readonly jobs: Readonly<
    Record<
      string,
      { readonly permissions: Readonly<Record<string, string>>; readonly 'timeout-minutes': number; readonly steps: readonly Step[] }
    >
  >;
}

const WORKFLOWS = filesOf('ci').map(file => [file, parse(read(file)) as Workflow] as const);
const lines = (text: string): string[] => text.split('\n').map(line => line.trim());

describe('the workflows', () => {
  test('are there', () => expect(WORKFLOWS.map(([file]) => file)).toEqual(['ci/release-chart.yaml', 'ci/rendered-manifests.yaml']));

  const actionlint = tool('actionlint');
  (actionlint === undefined ? test.skip : test)('are what GitHub accepts, says actionlint, which finds a mistake in each', () => {
    for (const [file] of WORKFLOWS) {
      expect(spawnSync(actionlint ?? '', [join(GITOPS, file)], { encoding: 'utf8' })).toMatchObject({ status: 0, stdout: '' });
      const broken = join(mkdtempSync(join(tmpdir(), 'workflow-')), 'broken.yaml');
      writeFileSync(broken, read(file).replace('runs-on: ubuntu-24.04', 'runs-on: ubuntu-2404'));
      expect(spawnSync(actionlint ?? '', [broken], { encoding: 'utf8' })).toMatchObject({
        status: 1,
        stdout: expect.stringContaining('ubuntu-2404'),
      });
    }
  });

  test.each(WORKFLOWS)('%s names each action by a commit, with the version beside', (file, { jobs }) => {
    for (const { uses } of Object.values(jobs).flatMap(({ steps }) => steps))
      if (uses !== undefined) expect(uses).toMatch(/@[0-9a-f]{40}$/);
    for (const line of lines(read(file))) if (/^-? ?uses:/.test(line)) expect(line).toMatch(/ # v\d+\.\d+\.\d+$/);
  });

  test.each(WORKFLOWS)('%s puts no expression into a script, where it would be run', (_file, { jobs }) => {
    for (const { run } of Object.values(jobs).flatMap(({ steps }) => steps)) expect(run ?? '').not.toContain('${{');
  });

  test.each(WORKFLOWS)('%s gives nothing by default, and each job its own rights and an end', (_file, { permissions, jobs }) => {
    expect(permissions).toEqual({});
    for (const job of Object.values(jobs)) {
      expect(job['timeout-minutes']).toBeLessThanOrEqual(15);
      expect(Object.keys(job.permissions).length).toBeGreaterThan(0);
      for (const { uses, with: inputs } of job.steps)
        if (uses?.startsWith('actions/checkout@') === true) expect(inputs?.['persist-credentials']).toBe(false);
    }
  });

  test('code of a pull request never runs beside a right to write', () => {
    const workflow = WORKFLOWS.find(([file]) => file.endsWith('rendered-manifests.yaml'))?.[1] as Workflow;
    expect(Object.keys(workflow.on as object)).toEqual(['pull_request']);
    for (const { permissions, steps } of Object.values(workflow.jobs)) {
      const runsCode = steps.some(({ uses, run }) => uses?.startsWith('actions/checkout@') === true || /\bnpm\b|\bnpx\b/.test(run ?? ''));
      const writes = Object.values(permissions).includes('write');
      expect(runsCode && writes).toBe(false);
    }
    expect(workflow.jobs.comment?.permissions).toEqual({ 'pull-requests': 'write' });
  });

  test('the key that signs is in one job, which has no right to publish, and the rights to publish are where no key is', () => {
    const text = read('ci/release-chart.yaml');
    const [pack = '', publish = ''] = text.split(/\n {2}publish:\n/);
    expect(pack).toContain('secrets.CHART_KEYRING');
    expect(publish).not.toContain('secrets.');
    const { jobs } = parse(text) as Workflow;
    expect(jobs.pack?.permissions).toEqual({ contents: 'read' });
  });
});
