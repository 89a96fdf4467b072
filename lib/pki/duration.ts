/** Seconds in the units that Go's time.ParseDuration knows and that can matter for a certificate. */
const UNIT_SECONDS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, ns: 1e-9 };

const GO_DURATION = /^(?:\d+(?:\.\d+)?(?:h|ms|m|s|us|µs|ns))+$/;
const PART = /(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g;
const HUMAN = /^(\d+)\s*(d|day|days|w|week|weeks|mo|month|months|y|year|years)$/i;
const HOURS_PER_HUMAN_UNIT: Readonly<Record<string, number>> = { d: 24, w: 168, m: 730, y: 8760 };

/** Go's largest duration: 2^63-1 nanoseconds, about 292 years. */
const MAX_SECONDS = 9_223_372_036;

/** Seconds of a Go duration such as `2160h` or `1h30m`, or undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  // a large fleet asks for the same few texts over and over
  if (known.has(text)) return known.get(text);
  const seconds = parse(text);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(text, seconds);
  return seconds;
}

const MOST_KNOWN = 64;
const known = new Map<string, number | undefined>();

function parse(text: string): number | undefined {
  if (!GO_DURATION.test(text)) return undefined;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(PART)) seconds += Number(amount) * (UNIT_SECONDS[unit ?? ''] ?? Number.NaN);
  return seconds <= MAX_SECONDS ? seconds : undefined;
}

/** What the writer of `90d` meant, as a Go duration; undefined when nobody can tell. */
export function suggestDuration(text: string): string | undefined {
  const match = HUMAN.exec(text.trim());
  if (!match) return undefined;
  const hours = HOURS_PER_HUMAN_UNIT[(match[2] ?? '').toLowerCase().charAt(0)];
  return hours === undefined ? undefined : `${Number(match[1]) * hours}h`;
}

/**
 * The form in which Go prints a duration (`2160h0m0s`): any other form makes GitOps tools see a difference
 * for ever, because the API server stores this one.
 */
export function canonicalDuration(seconds: number): string {
  const whole = Math.floor(seconds);
  const h = Math.floor(whole / 3600);
  const m = Math.floor((whole % 3600) / 60);
  const s = whole % 60;
  if (h > 0) return `${h}h${m}m${s}s`;
  return m > 0 ? `${m}m${s}s` : `${s}s`;
}
