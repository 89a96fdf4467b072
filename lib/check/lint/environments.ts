import { ObjectSet, type ReadObject } from '../../objects/index.js';

/**
 * Sets that belong together. A repository often holds the same objects once for each environment, as
 * `dist/dev` and `dist/prod`: folders that define one object twice are judged apart, each with what no
 * environment has of its own.
 */
export function environmentsOf(objects: ObjectSet): readonly ObjectSet[] {
  const entries = objects.entries();
  if (!hasRivals(entries)) return [objects];
  const definedIn = new Map<string, Set<string>>();
  const identities = new Map<string, Set<string>>();
  for (const entry of entries) {
    const identity = identityOf(entry);
    const folder = folderOf(entry);
    add(definedIn, identity, folder);
    add(identities, folder, identity);
  }
  const rivals = new Set([...definedIn.values()].filter(({ size }) => size > 1).flatMap(folders => [...folders]));
  if (rivals.size === 0) return [objects];
  const conflict = (folder: string, outer: string): boolean =>
    [...(identities.get(folder) ?? [])].some(identity => definedIn.get(identity)?.has(outer) === true);
  const roots = new Map<string, string | undefined>();
  // the outermost folder of an environment: `dist/dev` for `dist/dev/monitoring`, unless both define one object
  const rootOf = (folder: string): string | undefined => {
    if (roots.has(folder)) return roots.get(folder);
    const outer = folder === '' ? undefined : rootOf(parentOf(folder));
    const root = rivals.has(folder) && (outer === undefined || conflict(folder, outer)) ? folder : outer;
    roots.set(folder, root);
    return root;
  };
  const common: ReadObject[] = [];
  const groups = new Map<string, ReadObject[]>();
  for (const entry of entries) {
    const root = rootOf(folderOf(entry));
    if (root === undefined) common.push(entry);
    else push(groups, root, entry);
  }
  return [...groups.values()].map(group => new ObjectSet([...common, ...group]));
}

/** Whether any object is defined in two folders: for most repositories the answer is no, and all that is needed. */
function hasRivals(entries: readonly ReadObject[]): boolean {
  const folderOfFile = new Map<string, string>();
  const folders = new Map<string, string>();
  return entries.some(entry => {
    const file = fileOf(entry);
    let folder = folderOfFile.get(file);
    if (folder === undefined) {
      folder = parentOf(file);
      folderOfFile.set(file, folder);
    }
    // one name in two folders is not yet one object in two, but without it there is none
    const { name } = entry.object.metadata;
    const other = folders.get(name);
    if (other === undefined) folders.set(name, folder);
    return other !== undefined && other !== folder;
  });
}

function identityOf({ object: { apiVersion, kind, metadata } }: ReadObject): string {
  return `${apiVersion} ${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
}

/** The line of an object is found when asked for, so it is not asked for the file alone. */
const fileOf = (entry: ReadObject): string => entry.origin?.document.file.name ?? entry.source.file;

const folderOf = (entry: ReadObject): string => parentOf(fileOf(entry));

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  const values = map.get(key);
  if (values) values.add(value);
  else map.set(key, new Set([value]));
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}
