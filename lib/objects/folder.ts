import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';

/** What a folder holds, sorted, folders too; paths start with the folder. */
export interface FolderContents {
  readonly files: readonly string[];
  /** Folders with a Chart.yaml: their templates are no YAML until rendered. Nothing below them is in `files`. */
  readonly charts: readonly string[];
  /** Links that lead out of the folder, and what is neither a file nor a folder: never opened. */
  readonly refused: readonly string[];
}

const MANIFEST = /\.(ya?ml|json)$/;
// installed packages and version control hold YAML of others
const NOT_ENTERED = /^(node_modules|\..+)$/;
/** Ends a folder that links to itself in a way that realpath does not show. */
const MAX_DEPTH = 64;

export function folderContents(folder: string): FolderContents {
  const root = realpathSync(folder);
  const files: string[] = [];
  const charts: string[] = [];
  const refused: string[] = [];
  const seen = new Set<string>();
  const walk = (path: string, depth: number): void => {
    const real = realpathSync(path);
    if (seen.has(real) || depth > MAX_DEPTH) return;
    seen.add(real);
    const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    if (depth > 0 && entries.some(({ name }) => name === 'Chart.yaml')) {
      charts.push(path);
      return;
    }
    for (const entry of entries) {
      const inner = join(path, entry.name);
      let kind: { isDirectory(): boolean; isFile(): boolean } = entry;
      if (entry.isSymbolicLink()) {
        const target = targetOf(inner);
        if (target === undefined || !(target === root || target.startsWith(root + sep))) {
          if (MANIFEST.test(entry.name)) refused.push(inner);
          continue;
        }
        kind = statSync(target);
      }
      if (kind.isDirectory()) {
        if (!NOT_ENTERED.test(entry.name)) walk(inner, depth + 1);
      } else if (MANIFEST.test(entry.name)) (kind.isFile() ? files : refused).push(inner);
    }
  };
  walk(folder, 0);
  return { files, charts, refused };
}

function targetOf(link: string): string | undefined {
  try {
    return realpathSync(link);
  } catch {
    return undefined;
  }
}
