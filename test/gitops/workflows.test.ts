import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { tool } from '../_tools.js';
import { filesOf, GITOPS, ROOT, read } from './_examples.js';

interface Step {
  readonly name?: string;
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

describe('the pull request', () => {
  const script = WORKFLOWS.find(([file]) => file.endsWith('rendered-manifests.yaml'))?.[1]?.jobs.check?.steps.find(
    ({ name }) => name === 'What changes',
  )?.run;

  test('gets the difference from where it branched off, and none where the base has nothing rendered', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pull-request-'));
    const git = (...args: string[]): string => {
      const found = spawnSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'commit.gpgsign=false', ...args], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(found).toMatchObject({ status: 0 });
      return found.stdout.trim();
    };
    const run = (base: string): string => {
      // in place of an installed package: npx finds the program that was built here
      writeFileSync(join(folder, 'bin/npx'), `#!/bin/sh\nshift 3\nexec ${process.execPath} ${join(ROOT, 'build/lib/cli/main.js')} "$@"\n`, {
        mode: 0o755,
      });
      const summary = join(folder, 'summary');
      writeFileSync(summary, '');
      const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}`, BASE: base, GITHUB_STEP_SUMMARY: summary };
      expect(spawnSync('bash', ['-eo', 'pipefail', '-c', script ?? 'false'], { cwd: folder, encoding: 'utf8', env })).toMatchObject({
        status: 0,
      });
      expect(readFileSync(summary, 'utf8')).toBe(readFileSync(join(folder, 'diff.md'), 'utf8'));
      return readFileSync(summary, 'utf8');
    };
    mkdirSync(join(folder, 'bin'));
    git('init', '-q', '-b', 'main');
    git('commit', '-q', '--allow-empty', '-m', 'empty');
    const empty = git('rev-parse', 'HEAD');
    cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
    git('add', 'dist');
    git('commit', '-q', '-m', 'rendered');
    expect(run(empty)).toMatch(/^<!-- sentinel-mtls diff -->The base has no rendered manifests yet\.\n$/);
    // main goes on after the branch: that is no change of the branch
    git('checkout', '-q', '-b', 'feature');
    const workload = join(folder, 'dist/dev/workload.yaml');
    writeFileSync(workload, readFileSync(workload, 'utf8').replace('control-api:0.4.0', 'control-api:0.5.0'));
    git('commit', '-qam', 'image');
    git('checkout', '-q', 'main');
    const identity = join(folder, 'dist/dev/identity.yaml');
    writeFileSync(identity, readFileSync(identity, 'utf8').replace('duration: 2160h', 'duration: 9000h'));
    git('commit', '-qam', 'longer');
    const base = git('rev-parse', 'HEAD');
    git('checkout', '-q', 'feature');
    const comment = run(base);
    expect(comment).toMatch(/^<!-- sentinel-mtls diff -->\n/);
    expect(comment).toContain('`containers[control-api].image ghcr.io/sentinel/control-api:0.4.0 → ghcr.io/sentinel/control-api:0.5.0`');
    expect(comment).not.toContain('lifetime');
  });
});
