const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const DAYS = 'sun mon tue wed thu fri sat'.split(' ');

/** Bounds and names of the five fields, as robfig/cron (the parser of cert-manager) has them. */
const FIELDS: readonly { least: number; most: number; names?: readonly string[] }[] = [
  { least: 0, most: 59 },
  { least: 0, most: 23 },
  { least: 1, most: 31 },
  { least: 1, most: 12, names: MONTHS },
  { least: 0, most: 6, names: DAYS },
];
const DESCRIPTOR = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly|every \S+)$/;

/** Whether a text is a five-field cron expression or a descriptor, with an optional `CRON_TZ=` before it. */
export function isCron(text: string): boolean {
  const zoned = /^(?:CRON_)?TZ=\S*\s*(.*)$/.exec(text);
  const spec = (zoned ? (zoned[1] ?? '') : text).trim();
  if (spec.startsWith('@')) return DESCRIPTOR.test(spec);
  const parts = spec.split(/\s+/);
  return parts.length === FIELDS.length && parts.every((part, index) => part.split(',').every(range => isRange(range, index)));
}

function isRange(range: string, index: number): boolean {
  const match = /^(?:([*?])|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(range);
  const field = FIELDS[index];
  if (!match || !field || match[4] === '0') return false;
  if (match[1] !== undefined) return true;
  const value = (text: string): number => {
    const named = field.names?.indexOf(text.toLowerCase()) ?? -1;
    return named >= 0 ? named + field.least : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  };
  const from = value(match[2] ?? '');
  const to = match[3] === undefined ? from : value(match[3]);
  return from >= field.least && to <= field.most && from <= to;
}
