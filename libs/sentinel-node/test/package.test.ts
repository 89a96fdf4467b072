import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesOf, ProjectedFolder, policyOf } from './_folder.js';
import { TestAuthority } from './_pki.js';

const PACKAGE = join(__dirname, '..');
let project: string;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'sentinel-node-package-'));
  // "ignore-scripts": what is packed is what was built before the tests
  const [tarball] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], { cwd: PACKAGE, encoding: 'utf8' }),
  ) as { filename: string }[];
  writeFileSync(join(project, 'package.json'), '{"name":"empty","private":true}');
  execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', `./${tarball?.filename}`], { cwd: project, stdio: 'ignore' });
}, 120_000);
afterAll(() => rmSync(project, { recursive: true, force: true }));

test('the package installs into an empty project, with nothing beside it', () => {
  expect(readdirSync(join(project, 'node_modules')).filter(name => !name.startsWith('.'))).toEqual(['sentinel-node']);
  const files = readdirSync(join(project, 'node_modules/sentinel-node'), { recursive: true, encoding: 'utf8' });
  expect(files.filter(file => /\.ts$/.test(file) && !/\.d\.m?ts$/.test(file))).toEqual([]);
  expect(files).toEqual(
    expect.arrayContaining([
      'README.md',
      'package.json',
      'dist/index.js',
      'dist/index.mjs',
      'dist/index.d.ts',
      'dist/index.d.mts',
      'dist/grpc.mjs',
      'dist/undici.mjs',
    ]),
  );
});

test('import and require give the same objects, so that a process has one state', () => {
  const script = `
    import * as imported from 'sentinel-node';
    import { createRequire } from 'node:module';
    const required = createRequire(import.meta.url)('sentinel-node');
    const names = Object.keys(required);
    console.log(names.length > 20, names.every(name => imported[name] === required[name]), Object.keys(imported).length === names.length);`;
  expect(execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: project, encoding: 'utf8' })).toBe(
    'true true true\n',
  );
});

test('the example of the documentation serves, calls itself, and takes a new certificate', async () => {
  const root = await TestAuthority.make('root');
  const folder = new ProjectedFolder();
  const policy = JSON.parse(policyOf({ service: 'api', allow: ['api'], calls: ['api'] }));
  const port = 20_000 + (process.pid % 20_000);
  policy.server[0].port = port;
  Object.assign(policy.client[0], { host: 'localhost', port });
  folder.project(filesOf(await root.issue('api'), [root], JSON.stringify(policy)));
  const example = readFileSync(join(PACKAGE, 'example.mjs'), 'utf8');
  expect(example.trimEnd().split('\n').length).toBeLessThanOrEqual(20);
  writeFileSync(join(project, 'example.mjs'), example);
  const at = (name: string): string => join(folder.path, name);
  const env = {
    ...process.env,
    PORT: String(port),
    MTLS_CERT_PATH: at('tls.crt'),
    MTLS_KEY_PATH: at('tls.key'),
    MTLS_CA_CERT_PATH: at('ca.crt'),
    MTLS_POLICY_PATH: at('policy.json'),
  };
  const child = spawn(process.execPath, ['example.mjs'], { cwd: project, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', chunk => {
    text += String(chunk);
  });
  child.stderr.on('data', chunk => {
    text += String(chunk);
  });
  const said = async (what: RegExp): Promise<void> => {
    const deadline = performance.now() + 20_000;
    while (!what.test(text)) {
      if (performance.now() > deadline || child.exitCode !== null) throw new Error(`waited for ${what}: ${text}`);
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  };
  try {
    await said(/^200 hello spiffe:\/\/sentinel\.test\/ns\/prod\/sa\/api under generation 1$/m);
    folder.project(filesOf(await root.issue('api'), [root], JSON.stringify(policy)));
    await said(/^200 hello spiffe:\/\/sentinel\.test\/ns\/prod\/sa\/api under generation 2$/m);
    expect(text).toContain('"event":"generation-taken"');
    expect(text).not.toMatch(/Error|PRIVATE KEY|BEGIN/);
  } finally {
    child.kill();
    await once(child, 'close');
    folder.remove();
  }
}, 60_000);

test('its types are good for a strict project, by import and by require', () => {
  mkdirSync(join(project, 'src'));
  cpSync(join(PACKAGE, '../../node_modules/@types/node'), join(project, 'node_modules/@types/node'), { recursive: true });
  cpSync(join(PACKAGE, '../../node_modules/undici-types'), join(project, 'node_modules/undici-types'), { recursive: true });
  const use =
    "import { openMtls, peerOfRequest, authorizeAny } from 'sentinel-node';\nexport const run = async (): Promise<void> => {\n  const mtls = await openMtls();\n  mtls.createHttpsServer({ port: 1, authorizer: authorizeAny() }, (request, response) => response.end(String(peerOfRequest(request))));\n};\n";
  writeFileSync(join(project, 'src/a.mts'), use);
  writeFileSync(join(project, 'src/b.cts'), use);
  const options = {
    strict: true,
    module: 'nodenext',
    moduleResolution: 'nodenext',
    target: 'es2022',
    noEmit: true,
    types: ['node'],
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['src/a.mts', 'src/b.cts'] }));
  const tsc = join(PACKAGE, '../../node_modules/typescript/bin/tsc');
  let output = '';
  try {
    output = execFileSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' });
  } catch (error) {
    output = String((error as { stdout?: unknown }).stdout);
  }
  expect(output).toBe('');
}, 60_000);
