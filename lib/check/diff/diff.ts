import { compareFacts } from './compare.js';
import { DiffError } from './diff-error.js';
import { environmentsOf, type Tree } from './tree.js';
import { treeFacts } from './tree-facts.js';
import type { EnvironmentDifference } from './types.js';

export type { Tree } from './tree.js';

export interface DiffOptions {
  /** Only these environments. @default all */
  readonly environments?: readonly string[];
}

/**
 * What two trees of rendered manifests say differently: two whole outputs, environment by environment, or two folders
 * of one environment each. Environments without a difference are left out.
 *
 * @throws DiffError when the trees can't be compared
 * @throws ObjectsError for YAML, or a policy.json, that can't be read
 */
export function diffTrees(old: Tree, now: Tree, options: DiffOptions = {}): readonly EnvironmentDifference[] {
  const before = environmentsOf(old);
  const after = environmentsOf(now);
  if (before.whole !== after.whole) throw unlike(before.whole ? old : now, before.whole ? now : old);
  if (!before.whole) {
    const [[from, left]] = before.trees;
    const [[to, right]] = after.trees;
    return differences(from === to ? to : `${from} → ${to}`, left, right);
  }
  const [left, right] = [new Map(before.trees), new Map(after.trees)];
  const names = [...new Set([...left.keys(), ...right.keys()])].sort();
  for (const name of options.environments ?? [])
    if (!names.includes(name))
      throw new DiffError(`there is no environment "${name}" in ${old.name} or ${now.name}\n  there: ${names.join(', ')}`);
  return names
    .filter(name => options.environments?.includes(name) !== false)
    .flatMap(name => differences(name, left.get(name), right.get(name)));
}

function differences(environment: string, old: Tree | undefined, now: Tree | undefined): readonly EnvironmentDifference[] {
  // most environments of a pull request are as they were: those need not be read
  if (old && now && sameBytes(old, now)) return [];
  const changes = compareFacts(old ? treeFacts(old) : [], now ? treeFacts(now) : []);
  const change = old === undefined ? 'added' : now === undefined ? 'removed' : 'changed';
  return changes.length === 0 && change === 'changed' ? [] : [{ environment, change, changes }];
}

function sameBytes(old: Tree, now: Tree): boolean {
  if (old.files.size !== now.files.size) return false;
  return [...old.files].every(([path, bytes]) => {
    const other = now.files.get(path);
    return other !== undefined && Buffer.compare(bytes, other) === 0;
  });
}

function unlike(whole: Tree, single: Tree): DiffError {
  return new DiffError(
    `${whole.name} holds environments, but ${single.name} is the folder of one\n  compare two outputs, or two environments such as ${whole.name}/dev`,
  );
}
