import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RULES } from '../../lib/check/lint/index.js';
import { cli, ROOT, workspace } from './_cli.js';

const FOREIGN = join(ROOT, 'test/fixtures/foreign');
const CLEAN = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: clean\n';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lint-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(file: string, text: string): void {
  writeFileSync(join(folder, file), text);
}

const certificate = (spec: string) => `apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: orders-tls
  namespace: shop
spec:
  secretName: orders-tls
  dnsNames:
    - orders.shop.svc
  usages:
    - server auth
  issuerRef:
    group: other.example
    kind: Signer
    name: ca
${spec}`;

describe('exit codes', () => {
  test.each([
    ['0: clean', CLEAN, [], 0],
    ['10: notes', certificate('  privateKey: { algorithm: RSA }\n'), ['--persona', 'auditor'], 10],
    ['11: warnings', certificate('  duration: 1h\n'), [], 11],
    ['12: errors', certificate('  isCA: true\n'), [], 12],
    ['12: what could not be read', `${CLEAN}---\n{`, [], 12],
    ['0: only warnings, and errors were asked for', certificate('  duration: 1h\n'), ['--fail-on', 'error'], 0],
    ['3: nothing to check', '# nothing\n', [], 3],
    ['0: SARIF alone', certificate('  isCA: true\n'), ['--format', 'sarif'], 0],
    ['12: SARIF alone, strict', certificate('  isCA: true\n'), ['--format', 'sarif', '--strict'], 12],
    ['12: SARIF beside text', certificate('  isCA: true\n'), ['--format', 'sarif=a.sarif', '--format', 'text'], 12],
  ])('%s', (_, text, args, expected) => {
    write('a.yaml', text);
    expect(cli(['lint', 'a.yaml', ...args], folder).code).toBe(expected);
  });

  test.each([
    [['--format', 'xml'], /--format is "xml"\n {2}expected one of text, json, sarif, github, junit/],
    [['--format', 'text', '--format', 'json'], /two formats go to one place/],
    [['--profile', 'x'], /--profile is "x"\n {2}expected one of default, nist-800-52r2/],
    [['--date', '2026-02-31'], /--date is "2026-02-31"/],
    [['--rule', 'SMT-C999'], /there is no rule "SMT-C999"/],
    [['--cert-manager', '1.2'], /--cert-manager is "1.2"\n {2}expected one of 1.18, 1.19, 1.20, 1.21/],
    [['--baseline', 'nowhere.json'], /nowhere\.json/],
    [['nowhere.yaml'], /nowhere\.yaml:1 does not exist/],
  ])('2: %j', (args, message) => {
    write('a.yaml', CLEAN);
    const { code, stdout, stderr } = cli(['lint', ...args], folder);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });
});

test('the foreign repository: every rule is found by the command, in five formats at once', () => {
  cpSync(FOREIGN, folder, { recursive: true, filter: path => !/\/(?:chart|overlay|list\.json)$/.test(path) });
  const outputs = ['json=a.json', 'sarif=a.sarif', 'junit=a.xml', 'github=a.txt'].flatMap(output => ['--format', output]);
  const args = ['--persona', 'auditor', '--date', '2026-11-24', '--format', 'text', ...outputs];
  const { code, stdout } = cli(['lint', '.', ...args], folder);
  expect(code).toBe(12);
  const { findings } = JSON.parse(readFileSync(join(folder, 'a.json'), 'utf8'));
  const found = new Set(findings.map((finding: { code: string }) => finding.code));
  // C006, C040, C041 and S002 are of profiles and versions that were not asked for here
  expect(RULES.map(rule => rule.code).filter(each => !found.has(each))).toEqual(['SMT-C006', 'SMT-C040', 'SMT-C041', 'SMT-S002']);
  expect(stdout.match(/^ *= rule: /gm)).toHaveLength(findings.length);
  expect(JSON.parse(readFileSync(join(folder, 'a.sarif'), 'utf8')).runs[0].results).toHaveLength(findings.length);
  expect(readFileSync(join(folder, 'a.xml'), 'utf8').match(/<failure /g)).toHaveLength(findings.length);
  expect(readFileSync(join(folder, 'a.txt'), 'utf8').match(/^::/gm)).toHaveLength(findings.length);
  const profiled = cli(['lint', 'standards.yaml', '--profile', 'cnsa2', '--cert-manager', '1.20', '--format', 'json'], folder);
  const codes = JSON.parse(profiled.stdout).findings.map((finding: { code: string }) => finding.code);
  expect(codes).toEqual(expect.arrayContaining(['SMT-C006', 'SMT-C040', 'SMT-C041', 'SMT-S002']));
});

test('the same input gives the same bytes', () => {
  const run = () => cli(['lint', FOREIGN, '--persona', 'auditor', '--date', '2026-11-24', '--format', 'json']).stdout;
  expect(run()).toBe(run());
});

test('stdin is read for "-"', () => {
  const main = join(ROOT, 'build/lib/cli/main.js');
  const { status, stdout } = spawnSync(process.execPath, [main, 'lint', '-'], { input: certificate('  duration: 1h\n'), encoding: 'utf8' });
  expect(status).toBe(11);
  expect(stdout).toContain('<stdin>:16:3');
});

test('--fix mends in place, keeps the mode of the file, and leaves nothing beside it', () => {
  write('a.yaml', certificate('  privateKey: # the key\n    rotationPolicy: Never\n'));
  const file = join(folder, 'a.yaml');
  spawnSync('chmod', ['640', file]);
  const { code, stderr } = cli(['lint', 'a.yaml', '--fix'], folder);
  expect([code, stderr]).toEqual([0, 'a.yaml: mended 1\n']);
  expect(readFileSync(file, 'utf8')).toBe(certificate('  privateKey: # the key\n    rotationPolicy: Always\n'));
  expect(statSync(file).mode & 0o777).toBe(0o640);
  expect(readdirSync(folder)).toEqual(['a.yaml']);
});

test('a baseline holds back what was there, and a new fault is told', () => {
  write('a.yaml', certificate('  duration: 1h\n'));
  expect(cli(['lint', 'a.yaml', '--write-baseline', 'b.json'], folder).code).toBe(0);
  const known = cli(['lint', 'a.yaml', '--baseline', 'b.json'], folder);
  expect([known.code, known.stdout]).toEqual([0, 'no findings in 1 object of 1 file, 1 finding suppressed (profile default)\n']);
  write('c.yaml', certificate('  isCA: true\n').replace('name: orders-tls', 'name: other'));
  expect(cli(['lint', '.', '--baseline', 'b.json'], folder).code).toBe(12);
});

test('a configuration of the folder counts, and its mistakes have a place', () => {
  write('a.yaml', certificate('  duration: 1h\n'));
  write(
    '.sentinel-lint.yaml',
    'ignore:\n  - rule: SMT-C030\n    object: Certificate shop/orders-tls\n    reason: the issuer gives no more\n',
  );
  expect(cli(['lint', '.'], folder).code).toBe(0);
  write('.sentinel-lint.yaml', 'ignore:\n  - rule: SMT-C030\n');
  const { code, stderr } = cli(['lint', '.'], folder);
  expect([code, stderr]).toEqual([2, '.sentinel-lint.yaml:2:5 gives no reason\n  add reason: why the finding may stay\n']);
});

test('findings about rendered objects name the line of the fleet file', () => {
  const own = workspace();
  try {
    expect(cli(['synth'], own).code).toBe(0);
    const { findings } = JSON.parse(cli(['lint', 'dist', '--fleet', 'fleet.yaml', '--format', 'json'], own).stdout);
    const fleet = readFileSync(join(own, 'fleet.yaml'), 'utf8').split('\n');
    const lines = findings.map(
      (finding: { code: string; fleet: { line: number } }) => `${finding.code} ${fleet[finding.fleet.line - 1]?.trim()}`,
    );
    expect(new Set(lines)).toEqual(new Set(['SMT-C008 dnsNames: ["*.sentinel-system.svc.cluster.local"]']));
  } finally {
    rmSync(own, { recursive: true });
  }
});

test('our own output and that of the examples has no finding but those that docs/linting.md judges', () => {
  const judged = readFileSync(join(ROOT, 'docs/linting.md'), 'utf8');
  for (const name of ['.', ...readdirSync(join(ROOT, 'examples')).filter(each => existsSync(join(ROOT, 'examples', each, 'fleet.yaml')))]) {
    const file = name === '.' ? join(ROOT, 'fleet.yaml') : join(ROOT, 'examples', name, 'fleet.yaml');
    const output = join(folder, name === '.' ? 'sentinel' : name);
    expect(cli(['synth', '-f', file, '-o', output]).code).toBe(0);
    const { findings } = JSON.parse(cli(['lint', output, '--date', '2026-11-24', '--format', 'json']).stdout);
    const unjudged = findings.filter(
      (finding: { code: string; object: string }) => !judged.includes(`| ${finding.code} | ${finding.object} |`),
    );
    expect(
      unjudged.map(
        (finding: { code: string; object: string; message: string }) =>
          `${name} | ${finding.code} | ${finding.object} | ${finding.message}`,
      ),
    ).toEqual([]);
  }
});

describe('explain', () => {
  test('tells of a rule by code or name', () => {
    const { code, stdout } = cli(['explain', 'SMT-C014']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^SMT-C014 trust-from-leaf-secret: .*\n[\s\S]*Why: [\s\S]*Fix: [\s\S]*Bad:[\s\S]*Good:/);
    expect(cli(['explain', 'trust-from-leaf-secret']).stdout).toBe(stdout);
  });

  test('lists all rules, and has a guess for a name that is none', () => {
    expect(cli(['explain']).stdout.trimEnd().split('\n')).toHaveLength(RULES.length);
    const { code, stderr } = cli(['explain', 'trust-from-leaf-secrt']);
    expect([code, stderr.split('\n')[1]]).toEqual([2, '  did you mean "trust-from-leaf-secret"?']);
  });
});

test('the pages of the rules are current', () => {
  const { status, stdout } = spawnSync(process.execPath, ['scripts/rule-pages.mjs', '--check'], { cwd: ROOT, encoding: 'utf8' });
  expect([status, stdout]).toEqual([0, '']);
});
