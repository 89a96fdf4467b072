import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const MAIN = join(ROOT, 'build/lib/cli/main.js');
const FOLDER = join(ROOT, 'test/fixtures/bad-fleets');
const BUILT = existsSync(MAIN);
if (!BUILT) process.stdout.write('bad-fleets-cli: skipped, the project is not built: run "npm run build"\n');

/** Runs the built command in an empty folder. */
function run(cwd: string, args: readonly string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(process.execPath, [MAIN, ...args], { cwd, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } });
}

(BUILT ? describe : describe.skip)('a fleet that is refused', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bad-fleets-cli-'));
  beforeAll(() => {
    mkdirSync(join(folder, 'directory'));
    writeFileSync(join(folder, 'latin1.yaml'), Buffer.from('fleet: köln\n', 'latin1'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    [
      'a wrong shape',
      ['synth', '-f', join(FOLDER, '001-unknown-key-at-the-top.yaml')],
      '001-unknown-key-at-the-top.yaml:3:1 unknown key "trustdomain"',
    ],
    ['a broken rule', ['synth', '-f', join(FOLDER, '060-duration-in-days.yaml')], 'write 2160h'],
    ['broken YAML', ['synth', '-f', join(FOLDER, '260-tabs.yaml')], 'a tab indents this line'],
    ['many errors', ['synth', '-f', join(FOLDER, '301-hundred-wrong-calls.yaml')], '100 problems'],
    ['another command', ['prove', '-f', join(FOLDER, '020-call-to-an-unknown-service.yaml')], 'there is no service or external "apy"'],
    ['a missing file', ['synth', '-f', 'missing.yaml'], 'missing.yaml: no such file'],
    ['a directory', ['synth', '-f', 'directory'], 'directory/fleet.yaml: no such file'],
    ['bytes that are no text', ['synth', '-f', 'latin1.yaml'], 'latin1.yaml:1:9 file is not UTF-8 text'],
    ['no file at all', ['synth'], 'fleet.yaml'],
    ['an unknown environment', ['synth', '-f', join(ROOT, 'fleet.yaml'), '--env', 'prd'], 'prod'],
    ['an unknown option', ['synth', '--enviroment', 'dev'], '--enviroment'],
    ['an unknown command', ['synht'], 'synth'],
  ])('for %s ends in exit code 2, a text on stderr and no file', (_what, args, text) => {
    const before = readdirSync(folder, { recursive: true }).sort();
    const { status, stdout, stderr } = run(folder, args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(text);
    expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+|node:internal|internal error/m);
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual(before);
  });

  test('leaves the output of the fleet before it as it was', () => {
    const good = run(folder, ['synth', '-f', join(ROOT, 'examples/emojivoto/fleet.yaml'), '-o', 'out']);
    expect([good.status, good.stderr]).toEqual([0, '']);
    const before = readdirSync(join(folder, 'out'), { recursive: true }).sort();
    expect(before.length).toBeGreaterThan(4);
    expect(run(folder, ['synth', '-f', join(FOLDER, '060-duration-in-days.yaml'), '-o', 'out']).status).toBe(2);
    expect(readdirSync(join(folder, 'out'), { recursive: true }).sort()).toEqual(before);
    rmSync(join(folder, 'out'), { recursive: true });
  });
});
