import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { COMMAND_NAMES, help, optionsOf } from '../../lib/cli/help';
import { askForFleet } from '../../lib/cli/init-questions';
import { cli, ROOT } from './_cli';

const folder = (): string => mkdtempSync(join(tmpdir(), 'sentinel-mtls-test-'));

describe('sentinel-mtls init', () => {
  test('writes a fleet that start proves, with the schema in its first line', () => {
    const at = folder();
    expect(cli(['init', '--name', 'shop', '--service', 'web', '--service', 'orders', '--service', 'ledger'], at)).toMatchObject({
      code: 0,
    });
    const text = readFileSync(join(at, 'fleet.yaml'), 'utf8');
    const schema = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text)?.[1] ?? '';
    expect(readFileSync(join(at, schema), 'utf8')).toBe(readFileSync(join(ROOT, 'fleet.schema.json'), 'utf8'));
    const { code, stdout } = cli(['start'], at);
    expect(stdout).toContain('exactly the declared calls are possible');
    expect(code).toBe(0);
  });

  test.each(['selfSigned', 'intermediate', 'existing', 'vault'])('knows the authority %s, and what it writes is proved', kind => {
    const at = folder();
    expect(cli(['init', '--name', 'shop', '--environment', `prod=${kind}`], at).code).toBe(0);
    expect(cli(['synth'], at).code).toBe(0);
    expect(cli(['verify'], at)).toMatchObject({ code: 0, stdout: expect.not.stringContaining(' error ') });
  });

  test('never writes over a file, nor through a link', () => {
    const at = folder();
    writeFileSync(join(at, 'fleet.yaml'), 'mine');
    expect(cli(['init', '--name', 'shop'], at)).toMatchObject({ code: 2, stderr: expect.stringContaining('fleet.yaml exists') });
    expect(readFileSync(join(at, 'fleet.yaml'), 'utf8')).toBe('mine');
    symlinkSync(join(at, 'elsewhere'), join(at, 'link.yaml'));
    expect(cli(['init', '--name', 'shop', '-o', 'link.yaml'], at).code).toBe(2);
  });

  test.each([
    [[], 'write --name NAME'],
    [['--name', 'Shop'], 'fleet is "Shop"\n  expected lower-case'],
    [['--name', 'shop', '--environment', 'dev=magic'], 'expected selfSigned, intermediate, existing, vault'],
    [['--name', 'shop', '--service', '9'], 'service is "9"'],
    [['--name', 'shop', '--trust-domain', 'A B'], 'trustDomain is "A B"'],
  ])('%j is an error that says what to write, and writes nothing', (args, told) => {
    const at = folder();
    const { code, stderr } = cli(['init', ...args], at);
    expect(code).toBe(2);
    expect(stderr).toContain(told);
    expect(cli(['synth'], at).code).toBe(2);
  });

  test('on a terminal it asks again after a wrong answer, and an empty one takes the proposal', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const answers = ['Shop', 'shop', '', 'shop.example', 'dev=x', 'dev prod=intermediate', 'web orders web'];
    let asked = '';
    output.on('data', (chunk: Buffer) => {
      asked += chunk.toString();
      if (chunk.toString().endsWith('] ')) input.write(`${answers.shift()}\n`);
    });
    expect(await askForFleet({}, input, output)).toEqual({
      fleet: 'shop',
      namespace: 'shop',
      trustDomain: 'shop.example',
      environments: [
        { name: 'dev', authority: 'selfSigned' },
        { name: 'prod', authority: 'intermediate' },
      ],
      services: ['web', 'orders'],
    });
    expect(asked).toContain('expected lower-case letters');
    expect(asked).toContain('authority of environment "dev" is "x"');
  });

  test('when the answers end, nothing is written', async () => {
    const input = new PassThrough();
    const asked = askForFleet({}, input, new PassThrough());
    input.end();
    expect(await asked).toBeUndefined();
  });
});

const WEB = `
apiVersion: v1
kind: List
items:
  - apiVersion: apps/v1
    kind: Deployment
    metadata: { name: web, namespace: shop }
    spec: { template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: web, env: [{ name: ORDERS_URL, value: "http://orders:80" }] }] } } }
  - apiVersion: apps/v1
    kind: Deployment
    metadata: { name: orders, namespace: shop }
    spec: { template: { metadata: { labels: { app: orders } }, spec: { containers: [{ name: orders }] } } }
  - apiVersion: v1
    kind: Service
    metadata: { name: orders, namespace: shop }
    spec: { selector: { app: orders }, ports: [{ name: http, port: 80 }] }
`;

describe('sentinel-mtls import', () => {
  test('reads what kubectl prints from stdin, and synth takes the result', () => {
    const at = folder();
    const main = join(ROOT, 'build/lib/cli/main.js');
    const { stdout, status } = spawnSync(process.execPath, [main, 'import', '-'], { cwd: at, input: WEB, encoding: 'utf8' });
    expect(status).toBe(0);
    expect(stdout).toContain('- "orders:http" # from env ORDERS_URL of deployment web');
    writeFileSync(join(at, 'fleet.yaml'), stdout);
    expect(cli(['synth'], at).code).toBe(0);
    expect(cli(['graph'], at).stdout).toContain('web → orders:http');
  });

  test('reads folders, writes a new file alone, and tells what it could not read', () => {
    const at = folder();
    mkdirSync(join(at, 'k8s'));
    writeFileSync(join(at, 'k8s/web.yaml'), WEB);
    writeFileSync(join(at, 'k8s/broken.yaml'), '{ no\n');
    expect(cli(['import', 'k8s', '-o', 'fleet.yaml', '--name', 'store'], at)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('fleet.yaml: 2 services, 1 calls'),
      stderr: expect.stringContaining('not read: '),
    });
    expect(readFileSync(join(at, 'fleet.yaml'), 'utf8')).toContain('fleet: store\n');
    expect(cli(['import', 'k8s', '-o', 'fleet.yaml'], at).code).toBe(2);
  });

  test.each([
    [['import'], 'name files or folders'],
    [['import', 'nowhere'], 'does not exist'],
    [['import', 'empty.yaml'], 'holds no workload'],
  ])('%j is an error', (args, told) => {
    const at = folder();
    writeFileSync(join(at, 'empty.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n');
    expect(cli(args, at)).toMatchObject({ code: 2, stderr: expect.stringContaining(told) });
  });
});

describe('sentinel-mtls completion', () => {
  const complete = (...words: readonly string[]): string[] => {
    const script = `${cli(['completion', 'bash']).stdout}
COMP_WORDS=(sentinel-mtls ${words.map(word => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _sentinel_mtls; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout.split('\n').filter(word => word !== '');
  };

  test('bash completes commands, and the options of each', () => {
    expect(complete('re')).toEqual(['report', 'renew', 'restore']);
    expect(complete('')).toEqual([...COMMAND_NAMES]);
    expect(complete('report', '--f')).toEqual(['--format']);
    expect(complete('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  test.each(['zsh', 'fish'])('%s gets every command', shell => {
    const { code, stdout } = cli(['completion', shell]);
    expect(code).toBe(0);
    for (const command of COMMAND_NAMES) expect(stdout).toContain(command);
  });

  test.each(COMMAND_NAMES.filter(name => name !== 'help'))(
    '%s: its help names the options that it understands, and has an example',
    command => {
      expect(help(command)).toMatch(/\n {2}(?:kubectl .*\| |eval .*)?(?:.*)sentinel-mtls \S/);
      const ways = command === 'backup' ? [[command], [command, 'verify']] : [[command]];
      const listed = ways.flatMap(way => cli([...way, '--no-such-option']).stderr.match(/--[a-z][a-z-]*/g) ?? []);
      const options = new Set(listed.filter(option => option !== '--no-such-option' && option !== '--help'));
      // -f FLEET stands for it in the help
      options.delete('--file');
      expect([...options].sort()).toEqual(
        optionsOf(command)
          .filter(option => option.startsWith('--') && option !== '--file')
          .sort(),
      );
    },
  );
});
