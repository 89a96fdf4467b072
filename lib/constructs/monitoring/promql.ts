/** A label matcher as PromQL writes it: `role="leaf"`. */
export type Matcher = string;

/** `label="value"`, escaped as a Go string. */
export const is = (label: string, value: string): Matcher => `${label}=${JSON.stringify(value)}`;

/** Any of the values. RE2 anchors matchers itself. */
export function oneOf(label: string, values: readonly string[]): Matcher {
  const [only] = values;
  if (values.length === 1 && only !== undefined) return is(label, only);
  return `${label}=~${JSON.stringify(values.map(value => value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|'))}`;
}

/** A vector selector, without braces when there is nothing to match. */
export const select = (metric: string, ...matchers: readonly Matcher[]): string =>
  matchers.length === 0 ? metric : `${metric}{${matchers.join(',')}}`;

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
];

/** A Prometheus duration in its largest whole unit: `24h` is written `1d`. */
export function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  for (const [unit, length] of UNITS) if (whole % length === 0) return `${whole / length}${unit}`;
  return `${whole}s`;
}

/** Seconds as a product that a reader can check: `15 * 86400`. */
export function seconds(amount: number): string {
  const whole = Math.floor(amount);
  if (whole === 0) return '0';
  for (const [, length] of UNITS) if (length > 60 && whole % length === 0) return `${whole / length} * ${length}`;
  return String(whole);
}
