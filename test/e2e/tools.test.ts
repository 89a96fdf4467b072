import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const FOLDER = join(__dirname, '../../e2e/tools');

function inModule(code: string): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const imports = `import { checkPin } from ${JSON.stringify(join(FOLDER, 'build.mjs'))}; import { TOOLS } from ${JSON.stringify(join(FOLDER, 'table.mjs'))};`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', `${imports}${code}`], { encoding: 'utf8' });
}

test('every tool is pinned by its Go module at the version of the table', () => {
  const { status, stdout, stderr } = inModule(
    'for (const [name, tool] of Object.entries(TOOLS)) checkPin(name, tool); console.log(Object.keys(TOOLS).length);',
  );
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(Number(stdout)).toBeGreaterThanOrEqual(10);
});

test('a version in the table that the module does not pin is found', () => {
  const { status, stderr } = inModule("checkPin('etcd', { ...TOOLS.etcd, version: 'v9.9.9' });");
  expect(status).toBe(1);
  expect(stderr).toMatch(/etcd: go\.mod pins go\.etcd\.io\/etcd\/server\/v3 at v3\.\d+\.\d+, table\.mjs says v9\.9\.9/);
});

test('an unknown tool is a mistake of usage, with the names that are known', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(FOLDER, 'build.mjs'), 'helm5'], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/names: .*helm3, helm4, .*etcd, kubernetes/);
});
