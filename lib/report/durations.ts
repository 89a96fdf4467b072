const HOUR = 3600;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** `10 years`, `90 days`, `36 hours`, `5 minutes`: the largest unit of which there are at least two, rounded down. */
export function durationText(seconds: number): string {
  if (seconds >= 2 * YEAR && seconds % YEAR === 0) return `${seconds / YEAR} years`;
  if (seconds >= 2 * DAY) return plural(Math.floor(seconds / DAY), 'day');
  if (seconds >= 2 * HOUR) return plural(Math.floor(seconds / HOUR), 'hour');
  return plural(Math.floor(seconds / 60), 'minute');
}

const plural = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? '' : 's'}`;
