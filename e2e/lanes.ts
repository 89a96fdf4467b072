import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { Claim, Context } from './claim.js';
import { CLAIMS } from './claims/index.js';
import { openContext } from './context.js';
import { note, type Row, seconds } from './results.js';

interface Lane {
  readonly names: readonly string[];
  readonly work: string;
  readonly plant: boolean;
}

/** A row as it comes from another thread: functions can't be sent. */
type SentRow = Omit<Row, 'claim'> & { readonly name: string };

/** Lanes at the same time, each in a thread of its own: claims wait for programs without giving way. */
export async function sideBySide(lanes: readonly (readonly Claim[])[], work: string, plant: boolean): Promise<Row[]> {
  const ended = await Promise.allSettled(lanes.map(claims => inThread({ names: claims.map(({ name }) => name), work, plant })));
  // only when no lane needs the cluster any more
  return ended.flatMap(lane => {
    if (lane.status === 'rejected') throw lane.reason;
    return lane.value;
  });
}

function inThread(lane: Lane): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    let rows: Row[] | undefined;
    const thread = new Worker(__filename, { workerData: lane });
    thread.on('message', (sent: SentRow[]) => {
      rows = sent.map(({ name, ...row }) => ({ ...row, claim: claimOf(name) }));
    });
    thread.on('error', reject);
    thread.on('exit', () => (rows === undefined ? reject(new Error(`${lane.names.join(', ')}: ended without a result`)) : resolve(rows)));
  });
}

function claimOf(name: string): Claim {
  const claim = CLAIMS.find(each => each.name === name);
  if (claim === undefined) throw new Error(`no claim is called ${name}`);
  return claim;
}

/** Claims one after the other. What they share of a running fleet is taken away at the end, and after each planted fault. */
export async function tryInTurn(claims: readonly Claim[], context: Context, plant: boolean): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [at, claim] of claims.entries()) {
    const goesOn = !plant && claims[at + 1]?.onRunningFleet === true;
    rows.push(await tryClaim(claim, context, plant, goesOn));
  }
  return rows;
}

/** Without a fault a claim is good when all of its checks are; with one, when a check fails that the fault explains. */
async function tryClaim(claim: Claim, context: Context, plant: boolean, fleetGoesOn: boolean): Promise<Row> {
  const start = Date.now();
  note(`\n${claim.name}: ${plant ? `fault: ${claim.fault}` : claim.says}`);
  try {
    const checks = await claim.check(context, plant).finally(() => {
      if (!fleetGoesOn) context.fleet.down();
    });
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

async function runLane({ names, work, plant }: Lane): Promise<void> {
  const context = await openContext(work);
  const rows = await tryInTurn(names.map(claimOf), context, plant);
  parentPort?.postMessage(rows.map(({ claim, ...row }): SentRow => ({ ...row, name: claim.name })));
}

if (!isMainThread) void runLane(workerData as Lane);
