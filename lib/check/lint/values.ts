import { type FieldPath, isRecord, valueAt } from '../../objects/index.js';

type Value = Readonly<Record<string, unknown>>;

const EMPTY: Value = Object.freeze({});

/** The map at a path; empty where there is none, so that reads below need no check: the schema reports wrong types. */
export function mapAt(value: unknown, ...path: FieldPath): Value {
  const found = valueAt(value, path);
  return isRecord(found) ? found : EMPTY;
}

export function listAt(value: unknown, ...path: FieldPath): readonly unknown[] {
  const found = valueAt(value, path);
  return Array.isArray(found) ? found : [];
}

/** Texts of a list; other items are left out. */
export function textsAt(value: unknown, ...path: FieldPath): readonly string[] {
  return listAt(value, ...path).filter(item => typeof item === 'string');
}

/** A text, or empty. */
export function textAt(value: unknown, ...path: FieldPath): string {
  const found = valueAt(value, path);
  return typeof found === 'string' ? found : '';
}

export function numberAt(value: unknown, ...path: FieldPath): number | undefined {
  const found = valueAt(value, path);
  return typeof found === 'number' ? found : undefined;
}

/** Whether a field is there and not null. */
export const isSet = (value: unknown, ...path: FieldPath): boolean => (valueAt(value, path) ?? undefined) !== undefined;

/** A map from keys to all values that have the key. */
export function groupBy<T>(values: Iterable<T>, keyOf: (value: T) => string | undefined): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

const HOUR = 3600;

/** `90d`, `36h`, `5m`: how people say it. */
export function durationText(seconds: number): string {
  if (seconds >= 48 * HOUR) return `${Math.round(seconds / (24 * HOUR))} days`;
  if (seconds >= 2 * HOUR) return `${Math.round(seconds / HOUR)} hours`;
  return `${Math.round(seconds / 60)} minutes`;
}
