import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Api } from './api.js';
import type { Claim, Context } from './claim.js';
import { CLAIMS } from './claims/index.js';
import { Kubectl } from './kubectl.js';
import { down } from './node/down.js';
import { differences, type Fingerprint, fingerprint } from './node/fingerprint.js';
import { attempt } from './node/processes.js';
import { build, nodePrograms } from './node/programs.js';
import { whyNot } from './node/requirements.js';
import { up } from './node/up.js';
import { installPrerequisites } from './prerequisites.js';
import { type Row, table, writeResults } from './results.js';
import { withoutNode } from './without-node.js';

const USAGE = `usage: npm run e2e [-- OPTIONS [CLAIM…]]
  --prove-it-can-fail   plants a fault for each claim: a row is good when the fault turns it red
  --keep                leaves the cluster up
  claims: ${CLAIMS.map(({ name }) => name).join(', ')}
`;

const note = (line: string): boolean => process.stderr.write(`${line}\n`);

async function main(words: readonly string[]): Promise<number> {
  const options = words.filter(word => word.startsWith('--'));
  const names = words.filter(word => !word.startsWith('--'));
  const unknown = [
    ...options.filter(word => !['--prove-it-can-fail', '--keep'].includes(word)),
    ...names.filter(name => !CLAIMS.some(claim => claim.name === name)),
  ];
  if (unknown.length > 0) {
    note(`unknown: ${unknown.join(', ')}\n${USAGE}`);
    return 2;
  }
  const chosen = CLAIMS.filter(({ name, onlyByName }) => (names.length === 0 ? onlyByName !== true : names.includes(name)));
  const problem = whyNot();
  if (problem !== undefined) return withoutNode(problem, chosen, note);
  const plant = options.includes('--prove-it-can-fail');
  const work = mkdtempSync(join(tmpdir(), 'sentinel-e2e-'));
  const start = Date.now();
  const rows: Row[] = [];
  await down(() => undefined);
  const before = fingerprint();
  try {
    await up(note);
    const [helm = ''] = build('helm4');
    const context: Context = { kubectl: new Kubectl(nodePrograms().kubectl), api: await Api.open(), helm, work, note };
    await installPrerequisites(context, 'dev');
    note(`cert-manager, trust-manager and approver-policy answer after ${seconds(start)} s`);
    for (const group of grouped(chosen)) rows.push(...(await tryGroup(group, context, plant)));
    context.api.close();
  } finally {
    rmSync(work, { recursive: true, force: true });
    if (!options.includes('--keep')) rows.push(await leave(before, plant));
  }
  const red = rows.filter(row => !row.good).length;
  process.stdout.write(table(rows, plant));
  if (names.length === 0 && !plant) writeResults(rows, seconds(start));
  return red > 0 ? 1 : 0;
}

interface Group {
  readonly inTurn: Claim[];
  readonly meanwhile: readonly Claim[];
}

/** The claims in their order; what only waits does so beside others. */
function grouped(claims: readonly Claim[]): Group[] {
  const waiting = claims.filter(({ beside }) => beside?.some(name => claims.some(claim => claim.name === name)));
  const groups: Group[] = [];
  for (const claim of claims.filter(each => !waiting.includes(each))) {
    const meanwhile = waiting.filter(({ beside }) => beside?.includes(claim.name));
    const group = groups.find(each => each.meanwhile.some(other => meanwhile.includes(other)));
    if (group === undefined) groups.push({ inTurn: [claim], meanwhile });
    else group.inTurn.push(claim);
  }
  return groups;
}

async function tryGroup({ inTurn, meanwhile }: Group, context: Context, plant: boolean): Promise<Row[]> {
  const started = meanwhile.map(claim => tryClaim(claim, context, plant));
  const rows: Row[] = [];
  for (const claim of inTurn) rows.push(await tryClaim(claim, context, plant));
  return [...rows, ...(await Promise.all(started))];
}

const CLEAN: Omit<Claim, 'check'> = {
  name: 'clean',
  says: 'nothing is left behind: processes, mounts, namespaces, rules, cgroups, kernel settings',
  fault: 'a link is left on this machine',
  faultShows: /links: \+ e2e-planted/,
};

/** Takes the cluster away and compares the machine with what it was. */
async function leave(before: Fingerprint, plant: boolean): Promise<Row> {
  const start = Date.now();
  const left = await down(note);
  if (plant) attempt(['ip', 'link', 'add', 'e2e-planted', 'type', 'bridge']);
  let found = [...left, ...differences(before, fingerprint())];
  // what was killed a moment ago may still be on its way out
  for (const deadline = Date.now() + 10_000; !plant && found.length > left.length && Date.now() < deadline; ) {
    await new Promise(resolve => setTimeout(resolve, 500));
    found = [...left, ...differences(before, fingerprint())];
  }
  if (plant) attempt(['ip', 'link', 'del', 'e2e-planted']);
  for (const line of found) note(`  ${plant ? 'found' : 'FAILED'}: ${line}`);
  const good = plant ? found.some(line => CLEAN.faultShows.test(line)) : found.length === 0;
  const checks = Object.keys(before).length;
  return { claim: CLEAN, checks, failed: Math.min(found.length, checks), good, seconds: seconds(start), figures: [] };
}

/** Without a fault a claim is good when all of its checks are; with one, when a check fails that the fault explains. */
async function tryClaim(claim: Claim, context: Context, plant: boolean): Promise<Row> {
  const start = Date.now();
  note(`\n${claim.name}: ${plant ? `fault: ${claim.fault}` : claim.says}`);
  try {
    const checks = await claim.check(context, plant);
    const failed = checks.filter(({ ok }) => !ok);
    for (const { what, found } of failed) note(`  ${plant ? 'found' : 'FAILED'}: ${claim.name}: ${what}: ${found ?? ''}`);
    const shown = failed.filter(({ what, found }) => claim.faultShows.test(`${what}: ${found ?? ''}`));
    const good = plant ? shown.length > 0 : checks.length > 0 && failed.length === 0;
    const figures = checks.flatMap(({ figure }) => (figure === undefined ? [] : [figure]));
    return { claim, checks: checks.length, failed: failed.length, good, seconds: seconds(start), figures };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    note(`  FAILED: ${claim.name}: ${reason}`);
    return { claim, checks: 0, failed: 0, good: false, seconds: seconds(start), figures: [], reason };
  }
}

const seconds = (since: number): number => Math.round((Date.now() - since) / 100) / 10;

main(process.argv.slice(2)).then(
  code => {
    process.exitCode = code;
  },
  (error: unknown) => {
    note(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  },
);
