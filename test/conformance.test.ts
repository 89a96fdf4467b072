import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const FILES = ['spiffe-ids', 'policies', 'identities', 'host-names', 'file-swaps', 'handshakes'];
let certificates: string;

beforeAll(() => {
  certificates = mkdtempSync(join(tmpdir(), 'sentinel-conformance-'));
  execFileSync(process.execPath, ['conformance/issue.mjs', certificates], { cwd: ROOT });
}, 120_000);
afterAll(() => rmSync(certificates, { recursive: true }));

interface Run {
  readonly status: number | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

function run(command: string, ...args: string[]): Run {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return { status, lines: stdout.split('\n').filter(line => line !== ''), stderr };
}

test('both runtimes give every result of the vectors, byte for byte the same', () => {
  const node = run(process.execPath, 'conformance/runner.mjs', certificates);
  const python =
    execFileSync('bash', ['libs/sentinel-common/scripts/venv.sh'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n').at(-1) ?? '';
  const other = run(python, 'conformance/runner_python.py', certificates);
  expect([differences(node), node.status]).toEqual([[], 0]);
  expect([differences(other), other.status]).toEqual([[], 0]);
  expect(other.lines).toEqual(node.lines);
  // as many as the vectors say, so that a runner that stops early is found
  expect(node.lines).toHaveLength(FILES.reduce((sum, file) => sum + vectorsIn(file), 0));
}, 300_000);

test('a certificate that is another one than its recipe says is found by the runner', () => {
  const swapped = mkdtempSync(join(tmpdir(), 'sentinel-conformance-'));
  cpSync(certificates, swapped, { recursive: true });
  copyFileSync(join(certificates, 'client-two-ids.crt'), join(swapped, 'client-web.crt'));
  const { status, ...found } = run(process.execPath, 'conformance/runner.mjs', swapped, 'identities');
  rmSync(swapped, { recursive: true });
  expect([status, differences({ status, ...found })]).toEqual([
    1,
    [expect.stringContaining('identities "client-web": expected {"spiffeId"')],
  ]);
});

/** What a runner found against the vectors; the libraries log to the same stream. */
const differences = ({ stderr }: Run): string[] => stderr.split('\n').filter(line => /: expected .*, found /.test(line));

function vectorsIn(file: string): number {
  const vectors = JSON.parse(readFileSync(join(ROOT, 'conformance/vectors', `${file}.json`), 'utf8'));
  const count = (list: readonly unknown[] = []): number => list.length;
  const nested = (list: readonly Record<string, readonly unknown[]>[] = [], key: string): number =>
    list.reduce((sum, each) => sum + count(each[key]), 0);
  return (
    count(vectors.ids) +
    count(vectors.trustDomains) +
    count(vectors.documents) +
    count(vectors.cases) +
    nested(vectors.evaluations, 'checks') +
    nested(vectors.sequences, 'steps')
  );
}
