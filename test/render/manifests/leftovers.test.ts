import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GENERATED_LINE, OutputError, writeOutput } from '../../../lib/render/manifests/index.js';

// made by the build, which `npm test` runs first: a process that is killed can't be this one
const BUILT = join(__dirname, '../../../build/lib/render/manifests/index.js');

/** Writes half of an environment, says so, and waits until it is killed. */
const WRITER = `
const { writeOutput } = require(${JSON.stringify(BUILT)});
writeOutput(process.argv[1], (function* () {
  yield { path: 'prod/policy.yaml', chunks: [Buffer.from('kind: half')] };
  require('node:fs').writeSync(1, 'ready');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
})());
`;

let outdir: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  outdir = mkdtempSync(join(tmpdir(), 'leftovers-'));
});
afterEach(async () => {
  await kill();
  rmSync(outdir, { recursive: true });
});

async function startWriter(): Promise<string> {
  child = spawn(process.execPath, ['-e', WRITER, outdir], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('the child has no stdout');
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  expect(String(text)).toBe('ready');
  const [folder] = asides();
  if (folder === undefined) throw new Error('the writer has no folder of its own');
  return join(outdir, folder);
}

async function kill(): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

const asides = (): string[] => readdirSync(outdir).filter(name => name.startsWith('.sentinel-mtls-'));

const write = (): unknown =>
  writeOutput(outdir, [{ path: 'prod/kustomization.yaml', chunks: [Buffer.from(`${GENERATED_LINE}\nresources: []\n`)] }]);

/** Changes what the folder says of its owner. */
function edit(folder: string, change: Record<string, unknown>): void {
  const path = join(folder, 'owner.json');
  writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, 'utf8')) as object), ...change }));
}

test('the folder of a process that works in it stays, and goes once the process was killed', async () => {
  const folder = await startWriter();
  write();
  expect(existsSync(join(folder, 'new/prod/policy.yaml'))).toBe(true);
  await kill();
  expect(existsSync(folder)).toBe(true);
  write();
  expect(readdirSync(outdir)).toEqual(['prod']);
});

test('a folder goes whose process has died, though another one has its number now', async () => {
  const folder = await startWriter();
  await kill();
  edit(folder, { pid: process.pid });
  write();
  expect(asides()).toEqual([]);
});

test.each([
  ['of another boot or container', (folder: string) => edit(folder, { place: 'elsewhere' })],
  ['without an owner', (folder: string) => rmSync(join(folder, 'owner.json'))],
  ['with half an owner', (folder: string) => writeFileSync(join(folder, 'owner.json'), '{"pid":')],
  ['with a group of processes as its owner', (folder: string) => edit(folder, { pid: -1 })],
  ['with the only copy of an environment', (folder: string) => mkdirSync(join(folder, 'old/staging'), { recursive: true })],
])('a folder %s stays', async (_, change) => {
  const folder = await startWriter();
  await kill();
  change(folder);
  write();
  expect(existsSync(join(folder, 'new/prod/policy.yaml'))).toBe(true);
});

test('a failed write removes nothing of others', async () => {
  const folder = await startWriter();
  await kill();
  expect(() => writeOutput(outdir, [{ path: '../prod', chunks: [] }])).toThrow(OutputError);
  expect(existsSync(folder)).toBe(true);
});
