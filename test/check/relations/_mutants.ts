import type { KubernetesObject } from '../../../lib/objects';
import type { Yaml } from './_oracle-network';

export interface Mutant {
  readonly index: number;
  readonly object: KubernetesObject;
  /** `NetworkPolicy spec.ingress.0.ports.0.port: 8000 → 8001` */
  readonly text: string;
  readonly kind: string;
}

type Path = readonly (string | number)[];

/** Every field of every object, each changed in every way that keeps the rest as it is. */
export function mutants(objects: readonly KubernetesObject[]): Mutant[] {
  const values = valuesByField(objects);
  return objects.flatMap((object, index) =>
    [...fieldsOf(object)].flatMap(([path, value]) =>
      changesOf(path, value, values).flatMap(({ what, to }): Mutant[] => {
        const changed = replaced(object, path, to) as KubernetesObject;
        if (JSON.stringify(changed) === JSON.stringify(object)) return [];
        return [{ index, object: changed, kind: object.kind, text: `${object.kind} ${object.metadata.name} ${path.join('.')}: ${what}` }];
      }),
    ),
  );
}

const GONE = Symbol('gone');

function* fieldsOf(value: unknown, path: Path = []): Generator<readonly [Path, unknown]> {
  if (path.length > 0) yield [path, value];
  if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* fieldsOf(item, [...path, index]);
  else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) yield* fieldsOf(item, [...path, key]);
}

/** Texts and numbers that stand in fields of the same name: what a slip of the hand would write. */
function valuesByField(objects: readonly KubernetesObject[]): ReadonlyMap<string, readonly unknown[]> {
  const values = new Map<string, Set<unknown>>();
  for (const object of objects)
    for (const [path, value] of fieldsOf(object))
      if (typeof value === 'string' || typeof value === 'number') {
        const key = fieldName(path);
        values.set(key, (values.get(key) ?? new Set()).add(value));
      }
  return new Map([...values].map(([key, set]) => [key, [...set]]));
}

const fieldName = (path: Path): string => String([...path].reverse().find(part => typeof part === 'string'));

interface Change {
  readonly what: string;
  readonly to: unknown;
}

function changesOf(path: Path, value: unknown, values: ReadonlyMap<string, readonly unknown[]>): readonly Change[] {
  const removed = { what: `${short(value)} removed`, to: GONE };
  const set = (to: unknown): Change => ({ what: `${short(value)} → ${short(to)}`, to });
  // an object without these is none
  if (path.length === 1 && ['apiVersion', 'kind', 'metadata'].includes(String(path[0]))) return [];
  if (path.join('.') === 'metadata.name') return [set(`${String(value)}x`)];
  if (Array.isArray(value))
    return [removed, set([]), ...(value.length > 1 ? [set(value.slice(1)), set([...value].reverse())] : []), set([...value, value[0]])];
  if (typeof value === 'object' && value !== null) return [removed, set({})];
  if (typeof value === 'boolean') return [removed, set(!value)];
  const others = (values.get(fieldName(path)) ?? []).filter(other => other !== value && typeof other === typeof value).slice(0, 3);
  if (typeof value === 'number') return [removed, set(value + 1), ...others.map(set)];
  if (path.join('.') === 'data.policy.json') return policyChanges(String(value));
  return [removed, set(`${String(value)}x`), ...others.map(set)];
}

/** One field inside of policy.json. */
function policyChanges(text: string): readonly Change[] {
  const policy = JSON.parse(text) as Yaml;
  const values = valuesByField([policy]);
  return [...fieldsOf(policy)].flatMap(([path, value]) =>
    changesOf(['policy', ...path], value, values).map(({ what, to }) => ({
      what: `${path.join('.')} ${what}`,
      to: JSON.stringify(replaced(policy, path, to), undefined, 2),
    })),
  );
}

function replaced(root: unknown, [part, ...rest]: Path, to: unknown): unknown {
  if (part === undefined) return to;
  if (Array.isArray(root)) {
    const below = replaced(root[Number(part)], rest, to);
    return below === GONE ? root.filter((_, index) => index !== part) : root.map((item: unknown, index) => (index === part ? below : item));
  }
  const record = root as Readonly<Record<string, unknown>>;
  const below = replaced(record[part], rest, to);
  if (below !== GONE) return { ...record, [part]: below };
  const { [part]: _, ...others } = record;
  return others;
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
