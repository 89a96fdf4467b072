import { DiffError } from './diff-error.js';

/** Files below a folder, wherever they lie; a single file is a tree of one. */
export interface Tree {
  /** What messages call the folder. */
  readonly name: string;
  /** By path relative to the folder, with `/`. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export type Environments =
  | { readonly whole: true; readonly trees: readonly (readonly [string, Tree])[] }
  | { readonly whole: false; readonly trees: readonly [readonly [string, Tree]] };

/** Each environment has this file; a Component lies inside of one. */
const MARKER = 'kustomization.yaml';
const KIND = /^kind: Kustomization\s*$/m;
/** Files of an output that lie in no environment. */
const OUTSIDE = '(outside of the environments)';

export function environmentsOf(tree: Tree): Environments {
  const paths = [...tree.files.keys()];
  const folders = [...new Set(paths.filter(path => path.includes('/')).map(path => path.slice(0, path.indexOf('/'))))];
  const environments = isEnvironment(tree, MARKER) ? [] : folders.filter(folder => isEnvironment(tree, `${folder}/${MARKER}`)).sort();
  if (environments.length === 0) {
    if (paths.some(path => /\.ya?ml$/.test(path))) return { whole: false, trees: [[environmentName(tree.name), tree]] };
    throw new DiffError(
      `${tree.name} holds no rendered manifests\n  name an output of "sentinel-mtls synth", or the folder of one environment`,
    );
  }
  const trees = environments.map(environment => [environment, below(tree, environment)] as const);
  const outside = new Map([...tree.files].filter(([path]) => !environments.some(environment => path.startsWith(`${environment}/`))));
  return { whole: true, trees: outside.size === 0 ? trees : [...trees, [OUTSIDE, { name: tree.name, files: outside }]] };
}

const isEnvironment = (tree: Tree, marker: string): boolean => KIND.test(new TextDecoder().decode(tree.files.get(marker)));

function below(tree: Tree, folder: string): Tree {
  const prefix = `${folder}/`;
  const files = [...tree.files]
    .filter(([path]) => path.startsWith(prefix))
    .map(([path, bytes]) => [path.slice(prefix.length), bytes] as const);
  return { name: `${tree.name}/${folder}`, files: new Map(files) };
}

/** The last part of a path, of whatever kind. */
function environmentName(name: string): string {
  const parts = name.split(/[/:]/).filter(part => part !== '' && part !== '.');
  return parts.at(-1) ?? name;
}
