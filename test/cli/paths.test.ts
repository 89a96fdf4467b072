import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMAND_NAMES, help } from '../../lib/cli/help.js';
import { cli, ROOT, type Run } from './_cli.js';

/**
 * Every file and folder that any command takes, by what its help says of it, with everything that can be wrong with one.
 * A new command or option is tried without a word here; where it needs more arguments to come so far, they stand in MORE.
 */

const folder = mkdtempSync(join(tmpdir(), 'sentinel-mtls-paths-'));
const at = (name: string): string => join(folder, name);

/** What a command is given besides, so that the path is what fails. */
const MORE: Readonly<Record<string, readonly string[]>> = {
  'import -o': ['manifests'],
  'import --values': ['manifests'],
  'lint --format': ['manifests'],
  'lint --fleet': ['manifests'],
  'lint --config': ['manifests'],
  'lint --baseline': ['manifests'],
  'lint --write-baseline': ['manifests'],
  'lint --values': ['chart'],
  'init -o': ['--name', 'a', '--namespace', 'a', '--trust-domain', 'a.b', '--environment', 'dev=selfSigned', '--service', 'web'],
  'renew --kubeconfig': ['--all'],
  'backup -o': ['--kubeconfig', 'kubeconfig', '--recipient', 'age1x'],
  'backup --kubeconfig': ['-o', 'new.age', '--recipient', 'age1x'],
  'backup --passphrase-file': ['-o', 'new.age', '--kubeconfig', 'kubeconfig'],
  // --identity is of "backup verify" alone
  'backup --identity': ['verify', 'backup.age'],
  'backup FILE': ['verify', '--passphrase-file', 'passphrase'],
  'restore --kubeconfig': ['backup.age', '--passphrase-file', 'passphrase'],
  'restore --passphrase-file': ['backup.age', '--kubeconfig', 'kubeconfig'],
  'restore --identity': ['backup.age', '--kubeconfig', 'kubeconfig'],
  'restore FILE': ['--passphrase-file', 'passphrase', '--kubeconfig', 'kubeconfig'],
  'doctor --dump': ['--kubeconfig', 'kubeconfig'],
  'report --manifests': ['--env', 'dev'],
  'diff OLD': ['manifests'],
  'diff NEW': ['manifests'],
};

type Want = 'file' | 'folder' | 'either';
interface PathArgument {
  readonly command: string;
  readonly name: string;
  readonly want: Want;
  readonly isOutput: boolean;
}

const WANTS: Readonly<Record<string, Want>> = {
  FILE: 'file',
  DIR: 'folder',
  FOLDER: 'folder',
  FLEET: 'either',
  PATH: 'either',
  OLD: 'either',
  NEW: 'either',
};
const OUTPUTS = ['-o', '--output', '--dump', '--write-baseline', '--format'];

function argumentsOf(command: string): readonly PathArgument[] {
  const text = help(command);
  const found = new Map<string, Want>();
  for (const [, option = '', word = ''] of text.matchAll(/(--?[a-z][a-z-]*) (FILE|DIR|FOLDER|FLEET)\b/g)) {
    const short = option === '--file' ? '-f' : option === '--output' ? '-o' : option;
    // of an option that stands twice the line that describes it comes last
    found.set(short, WANTS[word] ?? 'file');
  }
  if (text.includes('FORMAT[=FILE]')) found.set('--format', 'file');
  for (const line of text.split('\n').filter(each => /^(?:Usage:| {7}sentinel-mtls)/.test(each)))
    for (const [, word = ''] of line.replace(/--?[a-z-]+ [A-Z]+/g, '').matchAll(/\b(FILE|FLEET|PATH|OLD|NEW)\b/g))
      found.set(word, WANTS[word] ?? 'file');
  return [...found].map(([name, want]) => ({ command, name, want, isOutput: OUTPUTS.includes(name) }));
}

const ARGUMENTS = COMMAND_NAMES.filter(name => name !== 'help').flatMap(argumentsOf);

function commandLine({ command, name }: PathArgument, path: string): { readonly name: string; readonly args: readonly string[] } {
  const more = MORE[`${command} ${name}`] ?? [];
  if (name === '--format') return { name: command, args: ['--format', `json=${path}`, ...more] };
  if (name === 'NEW') return { name: command, args: [...more, path] };
  // a subcommand stays in front
  const front = more[0] === 'verify' ? ['verify'] : [];
  return { name: command, args: [...front, ...(/^[A-Z]/.test(name) ? [path] : [name, path]), ...more.slice(front.length)] };
}

type Fault = readonly [what: string, path: string, fits: (argument: PathArgument) => boolean];

const INPUT_FAULTS: readonly Fault[] = [
  ['does not exist', 'missing', () => true],
  ['is a link to nothing', 'dangling', () => true],
  ['is a link to itself', 'loop', () => true],
  ['may not be read', 'secret-file', ({ want }) => want !== 'folder'],
  ['is a folder that may not be read', 'secret-folder', ({ want }) => want !== 'file'],
  ['lies below a file', 'text/below', () => true],
  ['is a folder, not a file', 'empty', ({ want, name }) => want === 'file' || name === 'FLEET' || name === '-f'],
  ['is a file, not a folder', 'text', ({ want, command }) => want === 'folder' && command !== 'lint'],
  ['is a device', '/dev/null', () => true],
  ['is not UTF-8', 'bytes', ({ want }) => want !== 'folder'],
  ['has a name that is too long', 'x'.repeat(300), () => true],
];

const OUTPUT_FAULTS: readonly Fault[] = [
  ['lies in a folder that does not exist', 'missing/new', ({ want }) => want === 'file'],
  ['lies below a file', 'text/below', () => true],
  ['lies in a folder that may not be written', 'read-only/new', () => true],
  ['is a folder, not a file', 'empty', ({ want }) => want === 'file'],
  ['is a file, not a folder', 'text', ({ want }) => want === 'folder'],
  ['is a link into nowhere', 'nowhere', () => true],
  ['is a link to itself', 'loop', () => true],
  ['is a device, not a folder', '/dev/null', ({ want }) => want === 'folder'],
  ['has a name that is too long', 'x'.repeat(300), () => true],
];

const CASES = ARGUMENTS.flatMap(argument =>
  (argument.isOutput ? OUTPUT_FAULTS : INPUT_FAULTS)
    .filter(([, , fits]) => fits(argument))
    .map(([what, path]) => ({ argument, what, path, title: `${argument.command}: ${argument.name} ${what}` })),
);

/** Everything in the folder, with its size and when it was changed. */
function contents(): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { withFileTypes: true }).flatMap(entry =>
    entry.isDirectory() && entry.name !== 'secret-folder'
      ? [entry.name, ...readdirSync(at(entry.name), { recursive: true, encoding: 'utf8' }).map(name => join(entry.name, name))]
      : [entry.name],
  );
  return Object.fromEntries(
    names.sort().map(name => {
      const stat = lstatSync(at(name));
      return [name, stat.isFile() ? `${stat.mtimeMs} ${stat.size}` : ''];
    }),
  );
}

let before: Readonly<Record<string, string>>;
const results = new Map<string, Run>();

beforeAll(() => {
  writeFileSync(at('text'), 'kind: nothing\n');
  writeFileSync(at('bytes'), Buffer.from([0x66, 0x3a, 0x20, 0xff, 0xfe, 0x0a]));
  writeFileSync(at('secret-file'), 'a: b\n', { mode: 0 });
  for (const name of ['empty', 'secret-folder', 'read-only', 'manifests', 'chart/templates']) mkdirSync(at(name), { recursive: true });
  symlinkSync('not-there', at('dangling'));
  symlinkSync('not/there', at('nowhere'));
  symlinkSync('loop', at('loop'));
  writeFileSync(at('fleet.yaml'), readFileSync(join(ROOT, 'fleet.yaml')));
  writeFileSync(
    at('manifests/web.yaml'),
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web, namespace: b }\nspec: { selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: web, image: web }] } } }\n',
  );
  writeFileSync(at('chart/Chart.yaml'), 'apiVersion: v2\nname: chart\nversion: 1.0.0\n');
  writeFileSync(at('chart/templates/map.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: b }\n');
  const cluster = { name: 'a', cluster: { server: 'https://127.0.0.1:1' } };
  const config = { clusters: [cluster], users: [{ name: 'a', user: {} }], contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }] };
  writeFileSync(at('kubeconfig'), JSON.stringify({ apiVersion: 'v1', kind: 'Config', ...config, 'current-context': 'a' }));
  writeFileSync(at('passphrase'), 'correct horse battery staple\n');
  const backup = { schemaVersion: 1, kind: 'sentinel-mtls-backup', takenAt: '', context: '', clusterResourceNamespace: '', objects: [] };
  const script = `require('./build/lib/cluster/backup/encryption.js').encrypt(process.argv[1], { passphrase: 'correct horse battery staple' }).then(bytes => process.stdout.write(bytes))`;
  writeFileSync(at('backup.age'), execFileSync(process.execPath, ['-e', script, JSON.stringify(backup)], { cwd: ROOT }));
  cli(['synth'], folder);
  chmodSync(at('secret-folder'), 0);
  chmodSync(at('read-only'), 0o555);
  before = contents();
  // root may read and write everything, unless it gives that up
  const asOwner = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : [];
  const [program = '', ...rest] = [...asOwner, process.execPath, join(__dirname, '_run-many.cjs')];
  const input = JSON.stringify(CASES.map(({ argument, path }) => commandLine(argument, path)));
  const { stdout, stderr, status } = spawnSync(program, rest, {
    cwd: folder,
    input,
    encoding: 'utf8',
    timeout: 300_000,
    maxBuffer: 1 << 27,
  });
  if (status !== 0) throw new Error(`the commands were not run: ${stderr}`);
  for (const [index, run] of (JSON.parse(stdout) as Run[]).entries()) results.set(CASES[index]?.title ?? '', run);
}, 320_000);

afterAll(() => {
  chmodSync(at('secret-folder'), 0o700);
  rmSync(folder, { recursive: true });
});

test('the help of all commands names these files and folders', () => {
  const names = ARGUMENTS.map(({ command, name }) => `${command} ${name}`);
  expect(names.length).toBeGreaterThan(40);
  for (const each of Object.keys(MORE)) expect(names).toContain(each);
  for (const each of ['synth -f', 'report FLEET', 'report -o', 'diff OLD', 'status --from', 'doctor --dump', 'backup FILE', 'dev-certs -o'])
    expect(names).toContain(each);
});

/** What a checker can't read of the files that it was given is a finding, so that the rest is checked all the same. */
const isFinding = ({ argument: { command, name }, what }: (typeof CASES)[number]): boolean =>
  ['lint', 'verify'].includes(command) && name === 'PATH' && ['may not be read', 'is a device', 'is not UTF-8'].includes(what);

test.each(CASES)('$title', each => {
  const { code, stdout = '', stderr = '' } = results.get(each.title) ?? {};
  const text = `${stdout}${stderr}`;
  const root = each.path.startsWith('/') ? each.path : (each.path.split('/')[0] ?? '').slice(0, 60);
  expect(text).toContain(root);
  expect(text).not.toMatch(/\bE(?:[A-Z]{4,}|IO|XIO|PERM)\b/);
  expect(text).not.toMatch(/\n\s+at |\.js:\d|internal error|illegal operation|no such file or|\bundefined\b/);
  if (isFinding(each)) {
    expect(code).toBe(each.argument.command === 'lint' ? 12 : 1);
    return;
  }
  expect({ code, stdout, text }).toEqual({ code: 2, stdout: '', text });
  // what, then what next
  expect(text).toMatch(/^\S.*\n[\s\S]*(?:\n {2}\S|nothing was written)|^\S.*\n {2}\S/);
});

test('none of them has written anything', () => {
  expect(contents()).toEqual(before);
});
