import { checkExpressions } from './promtool';
import { planOf, write } from './promtool-plans';

interface PanelObject {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

interface DashboardObject {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly { readonly name: string }[] };
  readonly panels: readonly PanelObject[];
}

function dashboardOf(environment: string, file = 'sentinel-mtls.json'): { readonly labels: unknown; readonly dashboard: DashboardObject } {
  const body = write(planOf(environment)).manifests.find(manifest => manifest.kind === 'ConfigMap')?.body;
  const data = body?.data as Record<string, string>;
  return { labels: body?.metadata.labels, dashboard: JSON.parse(data[file] ?? '') };
}

test('the sidecar of Grafana finds the dashboard, and it can be filtered', () => {
  const { labels, dashboard } = dashboardOf('dev');
  expect(labels).toMatchObject({ grafana_dashboard: '1' });
  expect(dashboard.schemaVersion).toBe(39);
  expect(dashboard.uid.length).toBeLessThanOrEqual(40);
  expect(dashboard.templating.list.map(variable => variable.name)).toEqual(['datasource', 'namespace', 'team', 'service']);
});

test('it shows what is wrong, every certificate, its authorities and cert-manager', () => {
  const titles = dashboardOf('dev')
    .dashboard.panels.filter(panel => panel.type !== 'row')
    .map(panel => `${panel.type}: ${panel.title}`);
  expect(titles).toEqual([
    'stat: Declared',
    'stat: Expired',
    'stat: Renewal overdue',
    'stat: Not ready',
    'stat: Never issued',
    'stat: Missing',
    'table: Certificates by time left',
    'state-timeline: Ready',
    'stat: Serve an old certificate',
    'stat: Refused files',
    'stat: Denied callers',
    'stat: Would be denied',
    'table: CA certificates',
    'state-timeline: Issuers',
    'timeseries: Failed reconciliations',
  ]);
});

test('a second one follows one certificate from its Secret to the pods that serve it', () => {
  const { dashboard } = dashboardOf('dev', 'sentinel-mtls-certificate.json');
  expect(dashboard.uid).not.toBe(dashboardOf('dev').dashboard.uid);
  expect(dashboard.templating.list.map(variable => variable.name)).toEqual(['datasource', 'namespace', 'certificate']);
  expect(dashboard.panels.filter(({ type }) => type !== 'row').map(({ title }) => title)).toEqual([
    'Time left',
    'Renewal overdue by',
    'Ready',
    'Issued after what a pod serves',
    'Denied callers',
  ]);
});

test('the files beside the objects are what the ConfigMap holds', () => {
  const { manifests, files } = write(planOf('dev'));
  const data = manifests.find(({ kind }) => kind === 'ConfigMap')?.body.data as Record<string, string>;
  expect(Object.keys(data)).toHaveLength(2);
  for (const [name, text] of Object.entries(data)) expect(files[`monitoring/grafana/${name}`]).toBe(text);
});

test('a fleet without a CA of its own has no panel for it', () => {
  expect(dashboardOf('prod').dashboard.panels.map(panel => panel.title)).not.toContain('CA certificates');
});

test.each(['sentinel-mtls.json', 'sentinel-mtls-certificate.json'])('no two panels of %s share a number or a place', file => {
  const { panels } = dashboardOf('dev', file).dashboard;
  expect(new Set(panels.map(panel => panel.id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
});

test.each(['dev', 'staging', 'prod', 'public'])('promtool can parse every expression of the dashboard of "%s"', environment => {
  const panels = ['sentinel-mtls.json', 'sentinel-mtls-certificate.json'].flatMap(file => dashboardOf(environment, file).dashboard.panels);
  const expressions = panels.flatMap(panel => (panel.targets ?? []).map(target => target.expr));
  expect(expressions.length).toBeGreaterThan(10);
  expect(checkExpressions(expressions)).toMatchObject({ ok: true });
});

test('an expression that is no PromQL is noticed', () => {
  expect(checkExpressions(['up', 'rate(up)'])).toMatchObject({ ok: false });
});
