/** `a.0.b` → keys and indices; `\.` is a dot of a key. */
export const parsePath = (path: string): (string | number)[] =>
  path.split(/(?<!\\)\./).map(part => (/^\d+$/.test(part) ? Number(part) : part.replaceAll('\\.', '.')));

/** A deep copy in which `edit` has changed the container of the last part of the path. */
export function edited<T>(
  object: T,
  path: readonly (string | number)[],
  edit: (container: Record<string | number, unknown>, key: string | number) => void,
): T {
  const copy = structuredClone(object);
  let container = copy as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) container = container[key] as Record<string | number, unknown>;
  edit(container, path.at(-1) ?? '');
  return copy;
}

export const replaced = <T>(object: T, path: string, value: unknown): T =>
  edited(object, parsePath(path), (container, key) => {
    container[key] = value;
  });

export const removed = <T>(object: T, path: string): T =>
  edited(object, parsePath(path), (container, key) => {
    delete container[key];
  });
