import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { source as axeSource } from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { reportHtml } from '../../../lib/report';
import { program } from '../../_programs';
import { planOfFile, reportOf, ring } from './_report';

const ROOT = join(__dirname, '../../..');
const CHROMIUM = program('chromium');
/** WCAG 2.2 at level AA, in axe's words. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const PAGES = {
  sentinel: () => reportHtml(reportOf(planOfFile(join(ROOT, 'fleet.yaml')))),
  'otel-demo': () => reportHtml(reportOf(planOfFile(join(ROOT, 'examples/opentelemetry-demo/fleet.yaml')))),
  ring: () => reportHtml(reportOf(ring(150))),
} as const;

type Settings = Parameters<Browser['newPage']>[0];

(CHROMIUM === undefined ? describe.skip : describe)('the page in Chromium', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sentinel-report-'));
  let browser: Browser;
  const open: Page[] = [];

  beforeAll(async () => {
    for (const [name, page] of Object.entries(PAGES)) writeFileSync(join(folder, `${name}.html`), page());
    // as root, as in a container, Chromium refuses to start with its sandbox
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args });
  });

  afterEach(async () => {
    for (const page of open.splice(0)) await page.close();
  });

  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  /** A page that fails the test at the first error of its script, or when it asks the network for anything. */
  async function visit(name: keyof typeof PAGES, settings: Settings = {}, hash = ''): Promise<{ page: Page; faults: string[] }> {
    const page = await browser.newPage(settings);
    open.push(page);
    const faults: string[] = [];
    page.on('pageerror', error => faults.push(error.message));
    page.on('console', message => {
      if (message.type() === 'error') faults.push(message.text());
    });
    page.on('request', request => {
      if (!request.url().startsWith('file:')) faults.push(`asked for ${request.url()}`);
    });
    await page.goto(`${pathToFileURL(join(folder, `${name}.html`)).href}${hash}`);
    return { page, faults };
  }

  /** Findings of axe, run beside the page's own policy, which would refuse a foreign script. */
  async function violations(page: Page): Promise<readonly string[]> {
    await page.evaluate(axeSource);
    const result = await page.evaluate(
      `axe.run({ runOnly: ${JSON.stringify(RULES)} }).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ' ' + html.slice(0, 120))))`,
    );
    return result as readonly string[];
  }

  test.each(
    (['sentinel', 'otel-demo'] as const).flatMap(name =>
      (['light', 'dark'] as const).flatMap(scheme => [1280, 375].map(width => ({ name, scheme, width }))),
    ),
  )('$name in $scheme, $width wide: axe finds no violation of WCAG 2.2 AA', async ({ name, scheme, width }) => {
    const { page, faults } = await visit(name, { colorScheme: scheme, viewport: { width, height: 800 } });
    expect(await violations(page)).toEqual([]);
    await page.locator('a.node').nth(1).click();
    expect(await violations(page)).toEqual([]);
    expect(faults).toEqual([]);
  });

  test('axe would find a violation', async () => {
    const { page } = await visit('sentinel');
    await page.evaluate("document.querySelector('label[for=search]').remove(); document.querySelector('.verdict').style.color = '#ddd'");
    expect((await violations(page)).map(text => text.split(' ')[0])).toEqual(expect.arrayContaining(['label', 'color-contrast']));
  });

  test.each(Object.keys(PAGES) as (keyof typeof PAGES)[])('%s fits a phone without scrolling sideways', async name => {
    const { page } = await visit(name, { viewport: { width: 320, height: 640 } });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
    // cards tell what their values are
    const label = await page.evaluate("getComputedStyle(document.querySelector('#services td'), '::before').content");
    expect(label).toContain('Called by');
  });

  test('search narrows the tables and the drawing, "/" goes there, Escape takes it back', async () => {
    const { page } = await visit('otel-demo');
    const rows = page.locator('#services tbody tr:visible');
    const all = await rows.count();
    await page.keyboard.press('/');
    await page.keyboard.type('fraud-detection');
    expect(await rows.count()).toBeLessThan(all);
    expect(await page.locator('#service-fraud-detection').isVisible()).toBe(true);
    expect(await page.locator('a.node.hit').allTextContents()).toEqual(['fraud-detection']);
    expect(await page.locator('#hits').textContent()).toMatch(/^\d+ of \d+ rows$/);
    await page.keyboard.press('Escape');
    expect(await rows.count()).toBe(all);
  });

  test('a heading sorts by number, up and down, and says so', async () => {
    const { page } = await visit('otel-demo');
    const heading = page.locator('#services th', { hasText: 'Key reaches' });
    const column = async (): Promise<number[]> =>
      (await page
        .locator('#services tbody tr td:nth-child(4)')
        .evaluateAll(cells => cells.map(cell => Number(cell.getAttribute('data-sort'))))) as number[];
    for (const [order, sign] of [
      ['ascending', 1],
      ['descending', -1],
    ] as const) {
      await heading.locator('button').press('Enter');
      expect(await heading.getAttribute('aria-sort')).toBe(order);
      const values = await column();
      expect(new Set(values).size).toBeGreaterThan(5);
      expect(values).toEqual([...values].sort((a, b) => sign * (a - b)));
    }
  });

  test('the keyboard alone gets from the top of the page to a service and its calls', async () => {
    const { page } = await visit('sentinel');
    const focused = () => page.evaluate('document.activeElement.dataset.name ?? document.activeElement.textContent') as Promise<string>;
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the table of services');
    for (let presses = 0; presses < 20 && !['control-api', 'node-agent'].includes(await focused()); presses += 1)
      await page.keyboard.press('Tab');
    expect(await focused()).toBe('control-api');
    await page.keyboard.press('ArrowRight');
    expect(await focused()).toBe('infra-adapter');
    await page.keyboard.press('Enter');
    expect(await page.locator('#chosen').textContent()).toContain(
      'infra-adapter is called by pipeline-controller and calls pipeline-controller. Its key reaches 2 in the end.',
    );
    expect(await page.locator('.edge.out').count()).toBe(1);
    expect(await page.locator('.edge.in').count()).toBe(1);
    expect(page.url()).toContain('#service-infra-adapter');
    await page.keyboard.press('Escape');
    expect(await page.locator('#chosen').textContent()).toBe('');
    expect(await focused()).toBe('infra-adapter');
  });

  test('a link to a service opens the page with that service chosen, also in a large fleet', async () => {
    const { page, faults } = await visit('ring', {}, '#service-service-7');
    expect(await page.locator('a.node.chosen').textContent()).toBe('service-7');
    expect(await page.locator('#chosen').textContent()).toContain('Its key reaches 149 in the end');
    expect(faults).toEqual([]);
  });

  test('the button turns dark to light', async () => {
    const { page } = await visit('sentinel', { colorScheme: 'dark' });
    const back = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(await back()).toBe('rgb(20, 23, 27)');
    await page.locator('#theme').click();
    expect(await back()).toBe('rgb(255, 255, 255)');
  });

  test('on paper there is no control, nothing to scroll, and ink on white', async () => {
    const { page } = await visit('otel-demo', { colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    for (const control of ['#search', '#theme', '#zoom']) expect(await page.locator(control).isVisible()).toBe(false);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    expect(await page.locator('.drawing').evaluate(box => box.scrollWidth <= box.clientWidth)).toBe(true);
    expect((await page.pdf()).subarray(0, 5).toString('latin1')).toBe('%PDF-');
  });

  test('without a script it can be read, and each node leads to its row', async () => {
    const { page } = await visit('sentinel', { javaScriptEnabled: false });
    expect(await page.locator('#services tbody tr').count()).toBe(4);
    await page.locator('a.node[data-name="infra-adapter"]').click();
    expect(page.url()).toContain('#service-infra-adapter');
  });

  test('the policy of the page lets no other script run, however it comes in', async () => {
    const { page, faults } = await visit('sentinel');
    const ran = await page.evaluate(
      "(() => { const s = document.createElement('script'); s.textContent = 'window.ran = true'; document.body.append(s); const i = document.createElement('div'); i.setAttribute('onclick', 'window.ran = true'); i.click(); return window.ran; })()",
    );
    expect(ran).toBeUndefined();
    expect(faults.join()).toContain('Content Security Policy');
  });
});
