import { join } from 'node:path';
import { type KubernetesObject, ObjectSet } from '../../../lib/objects';
import { renderPlan } from '../../../lib/render/manifests/objects';
import { reportHtml, reportMarkdown, verdictOf } from '../../../lib/report';
import { callGraph } from '../../../lib/report/page/call-graph';
import { layoutGraph } from '../../../lib/report/page/graph-layout';
import { planOfFile, planOfText, reportOf, ring } from './_report';

const ROOT = join(__dirname, '../../..');
const sentinel = (environment = 'dev') => planOfFile(join(ROOT, 'fleet.yaml'), environment);

const SHOP = `
fleet: shop
namespace: shop
trustDomain: shop.example
environments: { dev: { authority: { selfSigned: {} }, issuance: true } }
certificates: { duration: 24h, renewBefore: 8h }
services:
  web: { image: "web:1", calls: ["orders:https"] }
  orders:
    image: "orders:1"
    ports: { https: { port: 8443, protocol: https } }
    calls: ["ledger:https"]
    certificate: { duration: 2h, renewBefore: 1h }
  ledger: { image: "ledger:1", ports: { https: { port: 8443, protocol: https } } }
`;

const HOSTILE = '</script><img src=x onerror=alert(1)>"\'`|\u202e@everyone';

/** A NetworkPolicy that opens everything, whose name is an attack. */
const withHostileObject = (plan = planOfText(SHOP)): ObjectSet =>
  ObjectSet.from([
    ...renderPlan(plan).objects,
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: HOSTILE, namespace: 'shop' },
      spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ namespaceSelector: {} }] }] },
    } as KubernetesObject,
  ]);

describe('what a report says', () => {
  test('certificates come with the time left at renewal, the least first, and say whose they are', () => {
    const { certificates } = reportOf(planOfText(SHOP));
    expect(
      certificates.map(({ service, kind, lifetimeSeconds, leftSeconds }) => [service ?? kind, lifetimeSeconds / 3600, leftSeconds / 3600]),
    ).toEqual([
      ['orders', 2, 1],
      ['ledger', 24, 8],
      ['web', 24, 8],
      ['authority', 87600, 24],
    ]);
  });

  test('services come with the reach of their key, the widest first, and with the call that would shrink it', () => {
    const { services } = reportOf(planOfText(SHOP));
    expect(services.map(({ name, reach, deceived, cut }) => [name, reach, deceived, cut])).toEqual([
      ['web', 2, 0, { call: 'web → orders', fewer: 2 }],
      ['orders', 1, 1, { call: 'orders → ledger', fewer: 1 }],
      ['ledger', 0, 1, undefined],
    ]);
  });

  test('the verdict tells what is proved, what is not limited, and what failed', () => {
    expect(verdictOf(reportOf(planOfText(SHOP)))).toEqual({ state: 'proved', text: 'Proved: exactly the declared calls are possible' });
    const open = verdictOf(reportOf(planOfText(SHOP.replace(', issuance: true', ''))));
    expect(open).toMatchObject({ state: 'open', text: expect.stringContaining('who may obtain a certificate') });
    const failed = verdictOf(reportOf(planOfText(SHOP), withHostileObject()));
    expect(failed).toMatchObject({ state: 'failed', text: expect.stringMatching(/^Not proved: \d+ differences/) });
  });

  test.each([
    ['dev', ['root'], 1],
    ['staging', ['root', 'intermediate'], 2],
    ['prod', ['its key stays in Vault'], 1],
  ])('the authorities of %s are a tree down to the leaves', (environment, facts, depth) => {
    const [top] = reportOf(sentinel(environment)).authorities;
    const chain = depth === 1 ? [top] : [top, top?.children[0]];
    for (const [index, fact] of facts.entries()) expect(chain[index]?.facts).toContain(fact);
    expect(chain.at(-1)?.children.map(({ name }) => name)).toEqual(['4 service certificates']);
  });
});

test('findings of one cause are one mistake, and none is lost in the count', () => {
  const { findings, mistakes } = reportOf(planOfText(SHOP), withHostileObject());
  expect(findings.length).toBeGreaterThan(5);
  expect(mistakes.length).toBeLessThan(findings.length);
  expect(mistakes.reduce((sum, { more }) => sum + 1 + more, 0)).toBe(findings.length);
});

test('what is wrong comes before the drawing', () => {
  const order = (page: string): string[] => [...page.matchAll(/<section id="(\w+)"/g)].map(match => match[1] ?? '');
  expect(order(reportHtml(reportOf(planOfText(SHOP)))).slice(0, 2)).toEqual(['calls', 'findings']);
  expect(order(reportHtml(reportOf(planOfText(SHOP), withHostileObject()))).slice(0, 2)).toEqual(['findings', 'calls']);
});

describe('the drawing', () => {
  test.each([
    ['a small fleet, in layers', 20],
    ['a large fleet, in columns', 200],
  ])('%s: every node inside, none upon another, every arrow from caller to callee', (_, size) => {
    const drawing = layoutGraph(callGraph(ring(size)));
    expect(drawing.nodes).toHaveLength(size);
    expect(drawing.dense).toBe(size > 60);
    for (const { x, y, width, height } of drawing.nodes) {
      expect(x - width / 2).toBeGreaterThanOrEqual(drawing.left);
      expect(x + width / 2).toBeLessThanOrEqual(drawing.left + drawing.width);
      expect(y - height / 2).toBeGreaterThanOrEqual(drawing.top);
      expect(y + height / 2).toBeLessThanOrEqual(drawing.top + drawing.height);
    }
    for (const [index, a] of drawing.nodes.entries())
      for (const b of drawing.nodes.slice(index + 1))
        expect(Math.abs(a.x - b.x) >= (a.width + b.width) / 2 || Math.abs(a.y - b.y) >= (a.height + b.height) / 2).toBe(true);
    const near = (point: { x: number; y: number } | undefined, name: string): boolean => {
      const node = drawing.nodes.find(each => each.node.name === name);
      return !!node && !!point && Math.abs(point.x - node.x) <= node.width / 2 + 1 && Math.abs(point.y - node.y) <= node.height / 2 + 1;
    };
    for (const { edge, points } of drawing.edges) {
      expect(near(points[0], edge.from)).toBe(true);
      expect(near(points.at(-1), edge.to)).toBe(true);
    }
  });

  test('calls of one pair are one arrow with the weakest mode; scrapes are counted and not drawn', () => {
    const plan = planOfText(
      `${SHOP.replace('calls: ["orders:https"]', 'calls: ["orders:https", "orders:metrics"]').replace(
        'https: { port: 8443, protocol: https } }\n    calls: ["ledger',
        'https: { port: 8443, protocol: https }, metrics: { port: 9090, protocol: metrics } }\n    calls: ["ledger',
      )}externals: { prometheus: { at: { namespace: monitoring }, calls: ["*:metrics"] } }\n`,
    );
    const graph = callGraph(plan);
    expect(graph.edges.filter(({ to }) => to === 'orders')).toEqual([
      { from: 'web', to: 'orders', ports: ['https', 'metrics'], mode: 'disabled' },
    ]);
    expect(graph).toMatchObject({ notDrawn: 1 });
    expect(graph.nodes.map(({ name }) => name)).not.toContain('@prometheus');
  });
});

describe('texts of somebody else', () => {
  test('are never HTML on the page', () => {
    const page = reportHtml(reportOf(planOfText(SHOP), withHostileObject()));
    expect(page).toContain('&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;');
    expect(page).not.toContain('<img');
    expect(page).not.toContain('\u202e');
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page.match(/<\/script>/g)).toHaveLength(1);
  });

  test('stand in code spans of the Markdown form, and end no cell of a table', () => {
    const text = reportMarkdown(reportOf(planOfText(SHOP), withHostileObject()));
    const line = text.split('\n').find(each => each.includes('onerror')) ?? '';
    expect(line).not.toBe('');
    expect(line.match(/\|/g)).toHaveLength(4);
    const outside = line.replace(/(`+)[\s\S]*?[^`]\1(?!`)/g, '');
    expect(outside).not.toContain('<');
    expect(outside).not.toContain('@');
    expect(text).not.toContain('\u202e');
  });
});

test('the same input gives the same bytes, and no address outside of the page is loaded', () => {
  const page = reportHtml(reportOf(sentinel()));
  expect(reportHtml(reportOf(sentinel()))).toBe(page);
  expect(page).not.toMatch(/\b(?:src|href)="(?!#)/);
  expect(page).not.toMatch(/url\((?!#)|@import|style="/);
});
