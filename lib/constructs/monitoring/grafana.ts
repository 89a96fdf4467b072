/** The part of Grafana's classic dashboard JSON that we use; schemaVersion 39 (Grafana 11) is migrated on load by later ones. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's own syntax
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

export interface GridPosition {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export interface Query {
  readonly expr: string;
  readonly legend?: string;
}

interface Target {
  readonly refId: string;
  readonly datasource: typeof DATASOURCE;
  readonly expr: string;
  readonly legendFormat?: string;
  readonly instant?: boolean;
  readonly range?: boolean;
  readonly format?: 'table' | 'time_series';
}

export interface Panel {
  readonly id: number;
  readonly type: 'stat' | 'table' | 'timeseries' | 'state-timeline' | 'row';
  readonly title: string;
  readonly gridPos: GridPosition;
  readonly description?: string;
  readonly datasource?: typeof DATASOURCE;
  readonly targets?: readonly Target[];
  readonly fieldConfig?: unknown;
  readonly options?: unknown;
  readonly transformations?: readonly unknown[];
  /** Of rows; ours are open, and their panels stand beside them. */
  readonly collapsed?: boolean;
  readonly panels?: readonly never[];
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly tags: readonly string[];
  readonly schemaVersion: 39;
  readonly editable: boolean;
  readonly refresh: string;
  readonly time: { readonly from: string; readonly to: string };
  readonly timezone: string;
  readonly templating: { readonly list: readonly unknown[] };
  readonly annotations: { readonly list: readonly unknown[] };
  readonly links: readonly unknown[];
  readonly panels: readonly Panel[];
}

/** A step of a threshold or a value mapping. */
export interface Step {
  readonly color: string;
  /** null: from minus infinity on. */
  readonly value: number | null;
}

/** A column of a table: its field name, its title and how to show it. */
export interface Column {
  readonly field: string;
  readonly title: string;
  readonly unit?: string;
  readonly steps?: readonly Step[];
}

const GREEN_OR_RED: readonly Step[] = [
  { color: 'green', value: null },
  { color: 'red', value: 1 },
];

/** What the schema asks for besides, as Grafana has it for a new panel. */
const STAT_DEFAULTS = {
  justifyMode: 'auto',
  orientation: 'auto',
  percentChangeColorMode: 'standard',
  showPercentChange: false,
  wideLayout: true,
} as const;
const SERIES_DEFAULTS = {
  legend: { calcs: [], displayMode: 'list', placement: 'bottom', showLegend: true },
  tooltip: { mode: 'single', sort: 'none' },
} as const;

/** Places panels from left to right, and gives them their numbers. */
export class PanelBuilder {
  private readonly panels: Panel[] = [];
  private x = 0;
  private y = 0;
  private rowHeight = 0;

  row(title: string): void {
    this.newLine();
    this.add({ type: 'row', title, collapsed: false, panels: [] }, 24, 1);
  }

  /** One number, red from 1 on. */
  stat(title: string, description: string, expr: string): void {
    const fieldConfig = {
      defaults: { color: { mode: 'thresholds' }, thresholds: { mode: 'absolute', steps: GREEN_OR_RED } },
      overrides: [],
    };
    const options = {
      ...STAT_DEFAULTS,
      colorMode: 'background',
      graphMode: 'none',
      reduceOptions: { calcs: ['lastNotNull'] },
      textMode: 'value',
    };
    this.add({ type: 'stat', title, description, targets: [instant('A', expr, 'time_series')], fieldConfig, options }, 4, 4);
  }

  /** Rows from instant queries, joined by `key`, sorted by the first column with a unit. */
  table(title: string, description: string, queries: readonly string[], key: string, columns: readonly Column[]): void {
    const targets = queries.map((expr, index) => instant(String.fromCharCode(65 + index), expr, 'table'));
    const sortBy = columns.find(column => column.unit !== undefined)?.title;
    const shown = Object.fromEntries(columns.map((column, index) => [column.field, index]));
    this.add(
      {
        type: 'table',
        title,
        description,
        targets,
        fieldConfig: { defaults: {}, overrides: columns.filter(column => column.unit !== undefined).map(override) },
        options: { frameIndex: 0, showHeader: true, ...(sortBy !== undefined && { sortBy: [{ displayName: sortBy, desc: false }] }) },
        transformations: [
          ...(queries.length > 1 ? [{ id: 'joinByField', options: { byField: key, mode: 'outer' } }] : []),
          { id: 'filterFieldsByName', options: { include: { names: columns.map(column => column.field) } } },
          {
            id: 'organize',
            options: { indexByName: shown, renameByName: Object.fromEntries(columns.map(column => [column.field, column.title])) },
          },
        ],
      },
      24,
      10,
    );
  }

  /** Green where the value is 1, red where it is 0. */
  readyTimeline(title: string, description: string, query: Query, width = 24): void {
    const mappings = [{ type: 'value', options: { '0': { text: 'not ready', color: 'red' }, '1': { text: 'ready', color: 'green' } } }];
    const fieldConfig = {
      defaults: { color: { mode: 'thresholds' }, mappings, thresholds: { mode: 'absolute', steps: [] } },
      overrides: [],
    };
    this.add(
      {
        type: 'state-timeline',
        title,
        description,
        targets: [range('A', query)],
        fieldConfig,
        options: { ...SERIES_DEFAULTS, rowHeight: 0.9, showValue: 'never' },
      },
      width,
      8,
    );
  }

  timeseries(title: string, description: string, queries: readonly Query[], unit: string, width = 12): void {
    const targets = queries.map((query, index) => range(String.fromCharCode(65 + index), query));
    this.add(
      {
        type: 'timeseries',
        title,
        description,
        targets,
        fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
        options: SERIES_DEFAULTS,
      },
      width,
      8,
    );
  }

  build(): readonly Panel[] {
    return [...this.panels];
  }

  private add(panel: Omit<Panel, 'id' | 'gridPos' | 'datasource'>, w: number, h: number): void {
    if (this.x + w > 24) this.newLine();
    const gridPos = { x: this.x, y: this.y, w, h };
    this.panels.push({ id: this.panels.length + 1, ...panel, ...(panel.targets && { datasource: DATASOURCE }), gridPos });
    this.x += w;
    this.rowHeight = Math.max(this.rowHeight, h);
  }

  private newLine(): void {
    this.x = 0;
    this.y += this.rowHeight;
    this.rowHeight = 0;
  }
}

function override(column: Column): unknown {
  return {
    matcher: { id: 'byName', options: column.title },
    properties: [
      { id: 'unit', value: column.unit },
      ...(column.steps
        ? [
            { id: 'thresholds', value: { mode: 'absolute', steps: column.steps } },
            { id: 'custom.cellOptions', value: { type: 'color-text' } },
          ]
        : []),
    ],
  };
}

const instant = (refId: string, expr: string, format: 'table' | 'time_series'): Target => ({
  refId,
  datasource: DATASOURCE,
  expr,
  instant: true,
  range: false,
  format,
});

const range = (refId: string, query: Query): Target => ({
  refId,
  datasource: DATASOURCE,
  expr: query.expr,
  range: true,
  instant: false,
  ...(query.legend !== undefined && { legendFormat: query.legend }),
});

/** A variable whose values are those of a label; "All" matches everything. */
export function labelVariable(name: string, series: string, label = name): unknown {
  const query = `label_values(${series}, ${label})`;
  return {
    name,
    type: 'query',
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: name },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
  };
}

/** The choice of the Prometheus that all panels ask. */
export const datasourceVariable = { name: 'datasource', type: 'datasource', query: 'prometheus', refresh: 1 } as const;

// Grafana's own limit.
const MAX_UID = 40;

/** The name of a dashboard in addresses; links to it survive another title. */
export const uidOf = (fleet: string, what: string): string => `${fleet.slice(0, MAX_UID - what.length - 1)}-${what}`;
