import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Claim } from './claim.js';
import { CLAIMS, STAGES } from './claims/index.js';
import { openContext } from './context.js';
import { sideBySide, tryInTurn } from './lanes.js';
import { down } from './node/down.js';
import { differences, type Fingerprint, fingerprint } from './node/fingerprint.js';
import { attempt } from './node/processes.js';
import { whyNot } from './node/requirements.js';
import { up } from './node/up.js';
import { installPrerequisites } from './prerequisites.js';
import { note, type Row, seconds, table, writeResults } from './results.js';
import { withoutNode } from './without-node.js';

const USAGE = `usage: npm run e2e [-- OPTIONS [CLAIM…]]
  --prove-it-can-fail   plants a fault for each claim: a row is good when the fault turns it red
  --keep                leaves the cluster up
  claims: ${CLAIMS.map(({ name }) => name).join(', ')}
`;

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
    const context = await openContext(work);
    await installPrerequisites(context, 'dev');
    note(`cert-manager, trust-manager and approver-policy answer after ${seconds(start)} s`);
    for (const lanes of STAGES) {
      const left = lanes.map(claims => claims.filter(claim => chosen.includes(claim))).filter(claims => claims.length > 0);
      rows.push(...(left.length > 1 ? await sideBySide(left, work, plant) : await tryInTurn(left.flat(), context, plant)));
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
    if (!options.includes('--keep')) rows.push(await leave(before, plant));
  }
  const red = rows.filter(row => !row.good).length;
  process.stdout.write(table(rows, plant));
  if (names.length === 0 && !plant) writeResults(rows, seconds(start));
  return red > 0 ? 1 : 0;
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

main(process.argv.slice(2)).then(
  code => {
    process.exitCode = code;
  },
  (error: unknown) => {
    note(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  },
);
