interface Definition {
  readonly type: 'gauge' | 'counter';
  readonly labels: readonly string[];
  readonly help: string;
}

const gauge = (help: string, ...labels: readonly string[]): Definition => ({ type: 'gauge', labels, help });
const counter = (help: string, ...labels: readonly string[]): Definition => ({ type: 'counter', labels, help });

/** The same table as `conformance/metrics.json`, which a test compares. */
export const METRICS = {
  sentinel_mtls_identity_info: gauge(
    'Identity that is really served; always 1.',
    'spiffe_id',
    'serial_hash',
    'trust_fingerprint',
    'generation_id',
  ),
  sentinel_mtls_generation: gauge('Number of the generation that is served; 0 before the first.'),
  sentinel_mtls_generation_timestamp_seconds: gauge('When the generation that is served was taken.'),
  sentinel_mtls_certificate_not_after_seconds: gauge('End of validity of the certificate that is served.'),
  sentinel_mtls_certificate_not_before_seconds: gauge('Start of validity of the certificate that is served.'),
  sentinel_mtls_trust_roots: gauge('Number of roots that are trusted.'),
  sentinel_mtls_ready: gauge('1 while there is a generation with a valid certificate.'),
  sentinel_mtls_watch_active: gauge('1 while every folder is watched; 0 means that only the poll finds changes.'),
  sentinel_mtls_mode: gauge('Mode of this process; always 1.', 'mode'),
  sentinel_mtls_reloads_total: counter(
    'Looks at the files that took or refused something: part identity or policy, result taken or refused, reason ok or a code.',
    'part',
    'result',
    'reason',
  ),
  sentinel_mtls_handshakes_total: counter(
    'Handshakes: side server or client, result accepted, audited or refused, reason ok or a code.',
    'side',
    'result',
    'reason',
  ),
  sentinel_mtls_denials_total: counter(
    'Denials of peers that passed TLS, and in mode audit what would have been one.',
    'port',
    'peer',
    'reason',
    'enforced',
  ),
  sentinel_mtls_connections: gauge('Open connections by the generation under which they were made.', 'side', 'generation'),
  sentinel_mtls_negotiated_total: counter(
    'Accepted handshakes by TLS version and group; group is unknown where the runtime does not tell.',
    'side',
    'version',
    'group',
  ),
  sentinel_mtls_drained_connections_total: counter(
    'Connections ended by a swap: reason root-removed, policy-changed or identity-changed.',
    'side',
    'reason',
  ),
  sentinel_mtls_plain_connections_total: counter(
    'Connections to a plain listener beside a TLS port in mode permissive; 0 from its start on.',
    'port',
  ),
} as const satisfies Readonly<Record<string, Definition>>;

export type MetricName = keyof typeof METRICS;
type Labels = readonly (string | number)[];

interface Row {
  readonly labels: Labels;
  value: number;
}

/** Counters and gauges of one process, written as Prometheus text 0.0.4. */
export class Metrics {
  readonly #series = new Map<MetricName, Map<string, Row>>();

  /** Adds to a counter or gauge; labels in the order of the table. A gauge with labels that comes to 0 is dropped. */
  add(name: MetricName, labels: Labels, by = 1): void {
    const series = this.#of(name);
    const key = keyOf(name, labels);
    const row = series.get(key);
    if (!row) series.set(key, { labels, value: by });
    else row.value += by;
    if (row?.value === 0 && METRICS[name].type === 'gauge' && labels.length > 0) series.delete(key);
  }

  /** Sets a gauge, which then has this row only. */
  set(name: MetricName, labels: Labels, value: number): void {
    this.#series.set(name, new Map([[keyOf(name, labels), { labels, value }]]));
  }

  /** Value of a row; 0 when there is none. */
  get(name: MetricName, labels: Labels = []): number {
    return this.#series.get(name)?.get(keyOf(name, labels))?.value ?? 0;
  }

  /** Number of rows of a metric. */
  size(name: MetricName): number {
    return this.#series.get(name)?.size ?? 0;
  }

  text(): string {
    let text = '';
    for (const name of Object.keys(METRICS) as MetricName[]) {
      const { type, help } = METRICS[name];
      text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
      for (const { labels, value } of this.#series.get(name)?.values() ?? []) text += `${name}${labelsText(name, labels)} ${value}\n`;
    }
    return text;
  }

  #of(name: MetricName): Map<string, Row> {
    let series = this.#series.get(name);
    if (!series) {
      series = new Map();
      this.#series.set(name, series);
    }
    return series;
  }
}

/** No label holds a line break: IDs, codes and numbers only. */
function keyOf(name: MetricName, values: Labels): string {
  if (METRICS[name].labels.length !== values.length) throw new TypeError(`${name} has ${METRICS[name].labels.length} labels`);
  return values.join('\n');
}

function labelsText(name: MetricName, values: Labels): string {
  const { labels }: Definition = METRICS[name];
  if (labels.length === 0) return '';
  return `{${labels.map((label, index) => `${label}="${escaped(String(values[index]))}"`).join(',')}}`;
}

const escaped = (value: string): string => value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
