import { type FieldPath, isRecord, type KubernetesObject } from '../../objects/index.js';
import { shown } from './shown.js';
import type { Effect, Field } from './types.js';

/** What a field means; `undefined` leaves it to `FLAGS` and, past that, to a reviewer. */
export type Meaning = (path: string) => Effect | undefined;

/** Booleans by the last part of their path: the value that protects less. */
const FLAGS: Readonly<Record<string, boolean>> = {
  allowPrivilegeEscalation: true,
  automountServiceAccountToken: true,
  hostIPC: true,
  hostNetwork: true,
  hostPID: true,
  hostUsers: true,
  isCA: true,
  privileged: true,
  readOnlyRootFilesystem: false,
  runAsNonRoot: false,
};

/** Ways out of a container, whatever their value. */
const WAYS_OUT = /\.capabilities\.add$|\.hostPath\.|\.hostPort$/;

/** Every value below `value` as a field of its own, lists of named things by their names and lists of texts as sets. */
export function leaves(value: unknown, meaning: Meaning, path = '', grows: Meaning = () => undefined): readonly Field[] {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    if (items.length > 0 && items.every(item => typeof item === 'string'))
      return [{ name: path, items: items.map(shown), grows: grows(path) ?? meaning(path) ?? 'review', weak: WAYS_OUT.test(path) }];
    if (items.length > 0) {
      const marks = marksOf(items);
      return items.flatMap((item, index) => leaves(item, meaning, `${path}[${marks[index]}]`, grows));
    }
  } else if (isRecord(value) && Object.keys(value).length > 0) {
    return Object.entries(value).flatMap(([key, part]) => leaves(part, meaning, join(path, key), grows));
  }
  return [leaf(path, value, meaning)];
}

/** What tells the items of a list apart: their names where all have one, each its own; else their places. */
function marksOf(items: readonly unknown[]): readonly (string | number)[] {
  const names = items.flatMap(item => (isRecord(item) && typeof item.name === 'string' ? [item.name] : []));
  return new Set(names).size === items.length ? names : [...items.keys()];
}

function leaf(path: string, value: unknown, meaning: Meaning): Field {
  const last = path.slice(path.lastIndexOf('.') + 1);
  const weak = Object.hasOwn(FLAGS, last) ? FLAGS[last] : undefined;
  const rank = weak === undefined || typeof value !== 'boolean' ? undefined : value === weak ? 1 : 0;
  return {
    name: path,
    value: JSON.stringify(value) ?? 'undefined',
    shown: shown(value),
    rank,
    effect: meaning(path) ?? 'review',
    weak: rank === 1 || WAYS_OUT.test(path),
  };
}

/** Keys with a dot are quoted, so that two paths never have one text. */
const join = (path: string, key: string): string => {
  const part = /^[\w-]+$/.test(key) ? key : JSON.stringify(key);
  return path === '' ? part : `${path}.${part}`;
};

/** The object without what is at these paths. */
export function without(object: KubernetesObject, ...paths: readonly FieldPath[]): Readonly<Record<string, unknown>> {
  return paths.reduce<Readonly<Record<string, unknown>>>(
    (rest, path) => (removed(rest, path) ?? {}) as Readonly<Record<string, unknown>>,
    object,
  );
}

function removed(value: unknown, [first, ...further]: FieldPath): unknown {
  if (first === undefined) return undefined;
  if (Array.isArray(value)) return value.map((item, index) => (index === first ? removed(item, further) : item));
  if (!isRecord(value) || !Object.hasOwn(value, String(first))) return value;
  const { [String(first)]: part, ...rest } = value;
  const left = removed(part, further);
  // what is empty by our doing says nothing
  return left === undefined || (isRecord(left) && Object.keys(left).length === 0 && isRecord(part) && Object.keys(part).length > 0)
    ? rest
    : { ...rest, [String(first)]: left };
}
