import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { ROOT } from './_cli.js';

interface Step {
  readonly name: string;
  readonly run: string;
  readonly env?: Readonly<Record<string, string>>;
}
const action = load(readFileSync(join(ROOT, 'action.yml'), 'utf8')) as {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
};
const lint = action.runs.steps.find(({ name }) => name === 'Lint');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'action-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The step as the runner runs it: inputs become the environment that the step names. */
function run(inputs: Readonly<Record<string, string>>): { readonly status: number | null; readonly stdout: string } {
  const values = Object.fromEntries(Object.entries(action.inputs).map(([name, input]) => [name, inputs[name] ?? input.default]));
  const env = Object.fromEntries(
    Object.entries(lint?.env ?? {}).map(([name, text]) => [
      name,
      text
        .replace(/\$\{\{ github\.action_path \}\}/, ROOT)
        .replace(/\$\{\{ inputs\.([\w-]+) \}\}/, (_, input: string) => values[input] ?? ''),
    ]),
  );
  return spawnSync('bash', ['-e', '-o', 'pipefail', '-c', lint?.run ?? 'exit 99'], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ...env },
  });
}

const WARNING =
  'apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: { name: a, namespace: b }\nspec: { dnsNames: [a.b.svc], duration: 1h, secretName: a, usages: [server auth], issuerRef: { name: ca } }\n';

test('no input is a part of a script', () => {
  for (const { run: script } of action.runs.steps) expect(script).not.toContain('${{');
});

test('findings are annotations, and a warning fails the job', () => {
  writeFileSync(join(folder, 'a.yaml'), WARNING);
  const { status, stdout } = run({ sarif: 'out.sarif' });
  expect(status).toBe(11);
  expect(stdout).toMatch(/^::warning file=a\.yaml,line=4,/);
  expect(JSON.parse(readFileSync(join(folder, 'out.sarif'), 'utf8')).version).toBe('2.1.0');
  expect(run({ 'fail-on': 'error' }).status).toBe(0);
});

test('a path with blanks, quotes or a leading dash is a path', () => {
  writeFileSync(join(folder, '-$(touch x) "a.yaml'), WARNING);
  expect(run({ paths: '-$(touch x) "a.yaml\n' }).status).toBe(11);
});

test('the hook for pre-commit names the command of the package', () => {
  const [hook] = load(readFileSync(join(ROOT, '.pre-commit-hooks.yaml'), 'utf8')) as { readonly entry: string }[];
  const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  expect(Object.keys(bin)).toContain(hook?.entry.split(' ')[0]);
});
