import { statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { writeFleet } from './_fleet.js';
import { median, type Row, runCommand } from './_measure.js';

const SERVICES = 500;
const RUNS = 5;

/** The page of a large fleet: how long it takes to write, how large it is, and when Chromium answers a click in it. */
export async function report(folder: string): Promise<Row[]> {
  const fleet = join(folder, 'fleet.yaml');
  const page = join(folder, 'report.html');
  writeFleet(fleet, SERVICES);
  const written = Array.from({ length: RUNS }, () => runCommand(['report', fleet, '-o', page]).wallMs);
  const rows: Row[] = [
    row(`report of ${SERVICES} services, written`, 'ms', median(written), 'our own aim', 2000),
    row(`report of ${SERVICES} services, size`, 'MB', statSync(page).size / 1e6, 'our own aim', 1.5),
  ];
  const browser = await launched();
  if (browser === undefined) return rows;
  try {
    const opened: number[] = [];
    for (let run = 0; run < RUNS; run += 1) opened.push(await open(browser, page));
    return [...rows, row(`report of ${SERVICES} services, a click answered`, 'ms', median(opened), 'our own aim', 1000)];
  } finally {
    await browser.close();
  }
}

const row = (what: string, unit: Row['unit'], ours: number, peer: string, peers: number): Row => ({
  what,
  unit,
  ours,
  peer,
  peers,
  bound: undefined,
});

async function launched(): Promise<Browser | undefined> {
  try {
    return await chromium.launch({ executablePath: '/usr/bin/chromium', args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
  } catch {
    process.stderr.write('NOT MEASURED: when the page of a report answers, since there is no /usr/bin/chromium\n');
    return undefined;
  }
}

/** From the address to the frame after a click on a service. */
async function open(browser: Browser, file: string): Promise<number> {
  const page = await browser.newPage();
  const started = performance.now();
  await page.goto(pathToFileURL(file).href, { waitUntil: 'domcontentloaded' });
  await page.evaluate(
    "new Promise(done => { document.querySelector('a.node').dispatchEvent(new MouseEvent('click', { cancelable: true })); requestAnimationFrame(() => requestAnimationFrame(done)); })",
  );
  const milliseconds = performance.now() - started;
  const text = await page.locator('#chosen').textContent();
  if (!text?.includes('is called by')) throw new Error('the page did not answer the click');
  await page.close();
  return milliseconds;
}
