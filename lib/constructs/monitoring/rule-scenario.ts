import type { CertificateLabels } from './inventory.js';

/** A story told to promtool: series from time 0 on, and which alerts fire when. Times are seconds. */
export interface Scenario {
  readonly name: string;
  readonly series: readonly Series[];
  readonly expectations: readonly Expectation[];
  /** Between two samples. @default one at each evaluation, which is all that a rule without `increase` needs */
  readonly sampleSeconds?: number;
}

export interface Series {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly Segment[];
}

/** A constant, or with `perSecond` a line, that lasts `seconds`; value undefined: no sample. */
export interface Segment {
  readonly value: number | undefined;
  readonly perSecond?: number;
  readonly seconds: number;
}

export interface Expectation {
  readonly alert: string;
  readonly at: number;
  /** Empty: must be quiet. */
  readonly firing: readonly Firing[];
}

/** An alert that fires, with the labels of the expression's result and its value. */
export interface Firing {
  readonly labels: Readonly<Record<string, string>>;
  readonly value?: number;
}

export const quiet = (alert: string, at: number): Expectation => ({ alert, at, firing: [] });
export const fires = (alert: string, at: number, labels: Readonly<Record<string, string>>, value?: number): Expectation => ({
  alert,
  at,
  firing: [{ labels, ...(value !== undefined && { value }) }],
});

export const constant = (value: number, seconds: number): readonly Segment[] => [{ value, seconds }];

/** What cert-manager reports of one certificate. A timestamp that is left out is not exported, 0 means "no date". */
export interface Reported {
  readonly notAfter?: readonly Segment[];
  readonly notBefore?: readonly Segment[];
  readonly renewal?: readonly Segment[];
  readonly ready?: readonly Segment[];
}

/** `honorLabels: false` is the default of cert-manager's monitors: then the exporter's namespace comes first. */
export function certificateSeries(
  certificate: CertificateLabels,
  reported: Reported,
  options: { honorLabels: boolean; pod: string },
): Series[] {
  const { namespace, name } = certificate;
  const place = options.honorLabels ? { namespace } : { namespace: 'cert-manager', exported_namespace: namespace };
  const labels = { ...place, name, pod: options.pod };
  const series: Series[] = [];
  const add = (metric: string, samples: readonly Segment[] | undefined, more: Record<string, string> = {}): void => {
    if (samples) series.push({ metric: `certmanager_certificate_${metric}`, labels: { ...labels, ...more }, samples });
  };
  add('expiration_timestamp_seconds', reported.notAfter);
  add('not_before_timestamp_seconds', reported.notBefore);
  add('renewal_timestamp_seconds', reported.renewal);
  add('ready_status', reported.ready, { condition: 'True' });
  return series;
}
