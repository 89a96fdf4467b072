import { spawnSync } from 'node:child_process';
import { tool } from '../_tools';
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

const program = tool('grafana-dashboard');
const withSchema = program === undefined ? describe.skip : describe;

withSchema("Grafana's own schema", () => {
  function problemsOf(dashboard: unknown): readonly string[] {
    const { status, stdout, stderr } = spawnSync(program ?? '', { input: JSON.stringify(dashboard), encoding: 'utf8', timeout: 60_000 });
    expect(stderr).toBe('');
    expect(status).toBe(stdout === '' ? 0 : 1);
    return stdout.split('\n').filter(line => line !== '');
  }

  test.each(['dev', 'staging', 'prod', 'public'])('has nothing against the dashboards of "%s"', environment => {
    for (const file of ['sentinel-mtls.json', 'sentinel-mtls-certificate.json'])
      expect(problemsOf(dashboardOf(environment, file).dashboard)).toEqual([]);
  });

  type Fault = readonly [name: string, change: (text: string) => string, problem: string];
  const FAULTS: readonly Fault[] = [
    ['an unknown field of the dashboard', text => text.replace('"refresh"', '"refrsh"'), 'refrsh'],
    ['an unknown option of a panel', text => text.replace('"graphMode"', '"graphmode"'), 'graphmode'],
    ['an unknown field of a query', text => text.replace('"expr"', '"exp"'), 'exp'],
    ['a number where a text belongs', text => text.replace(/"title":"[^"]*"/, '"title":1'), 'title'],
    ['an option that is missing', text => text.replace('"wideLayout":true,', '').replace(',"wideLayout":true', ''), 'wideLayout'],
    ['a threshold that is a text', text => text.replace('"value":1', '"value":"1"'), 'steps'],
    ['a month that does not exist', text => text.replace('{', '{"fiscalYearStartMonth":12,'), 'fiscalYearStartMonth: must be < 12'],
    ['a list where a map belongs', text => text.replace(/"templating":\{"list":/, '"templating":{"lst":'), 'templating'],
  ];
  test.each(FAULTS)('finds %s', (_, change, problem) => {
    const text = JSON.stringify(dashboardOf('dev').dashboard);
    const changed = change(text);
    expect(changed).not.toBe(text);
    expect(problemsOf(JSON.parse(changed)).join('\n')).toContain(problem);
  });
});

interface Shown {
  readonly description?: string;
  readonly datasource?: unknown;
  readonly targets?: readonly { readonly datasource?: unknown; readonly legendFormat?: string }[];
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
}

test.each(['sentinel-mtls.json', 'sentinel-mtls-certificate.json'])(
  'every panel of %s says what it shows and in which unit, and asks the chosen Prometheus',
  file => {
    const { panels } = dashboardOf('dev', file).dashboard;
    const datasource = panels
      .flatMap(({ targets }) => targets ?? [])
      .map(target => (target as { datasource?: { uid: string } }).datasource);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's own syntax
    expect(new Set(datasource.map(each => each?.uid))).toEqual(new Set(['${datasource}']));
    for (const panel of panels as readonly (PanelObject & Shown)[]) {
      if (panel.type === 'row') continue;
      expect(panel.description?.length).toBeGreaterThan(10);
      expect(panel.datasource).toEqual(panel.targets?.[0]?.datasource);
      if (panel.type === 'timeseries') expect(panel.fieldConfig?.defaults.unit).toMatch(/^[a-z]/);
      if (panel.type === 'timeseries' || panel.type === 'state-timeline')
        for (const { legendFormat } of panel.targets ?? []) expect(legendFormat).toContain('{{');
    }
  },
);
