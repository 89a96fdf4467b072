import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Tree } from '../../../lib/check/diff/index.js';
import { defineFleet, type Fleet, loadFleet } from '../../../lib/fleet/index.js';
import { type KubernetesObject, parseFolder } from '../../../lib/objects/index.js';
import { renderFleet } from '../../../lib/render/manifests/index.js';

const ROOT = join(__dirname, '../../..');

/** The Sentinel fleet and the five examples. */
export const FLEETS: Readonly<Record<string, Fleet>> = Object.fromEntries(
  ['', 'examples/argo-cd', 'examples/emojivoto', 'examples/istio-bookinfo', 'examples/online-boutique', 'examples/opentelemetry-demo']
    .map(folder => join(ROOT, folder, 'fleet.yaml'))
    .filter(path => existsSync(path))
    .map(path => loadFleet(path))
    .map(fleet => [fleet.fleet, fleet]),
);

export const SENTINEL = FLEETS.sentinel as Fleet;

/** What `synth` writes, in memory. */
export function render(fleet: Fleet, environments = Object.keys(fleet.environments), name = 'dist'): Tree {
  const files = [...renderFleet(fleet, environments)].map(({ path, chunks }) => [path, Buffer.concat([...chunks])] as const);
  return { name, files: new Map(files) };
}

/** The folder of one environment. */
export function renderOne(fleet: Fleet, environment: string, name = environment): Tree {
  const prefix = `${environment}/`;
  const files = [...render(fleet, [environment]).files].map(([path, bytes]) => [path.slice(prefix.length), bytes] as const);
  return { name, files: new Map(files) };
}

/** The fleet with some of its declaration changed, checked as a written one is. */
export function changed(fleet: Fleet, change: (copy: Writable<Fleet>) => void): Fleet {
  const copy = structuredClone(fleet) as Writable<Fleet>;
  change(copy);
  return defineFleet(copy as never);
}

export type Writable<T> = T extends object ? { -readonly [K in keyof T]: Writable<T[K]> } : T;

export const text = (tree: Tree, path: string): string => Buffer.from(tree.files.get(path) ?? '').toString('utf8');

/** The tree with one file written anew, or gone. */
export function withFile(tree: Tree, path: string, content: string | undefined): Tree {
  const files = new Map(tree.files);
  if (content === undefined) files.delete(path);
  else files.set(path, Buffer.from(content));
  return { name: tree.name, files };
}

/** The tree with a text replaced that must be there. */
export function edited(tree: Tree, path: string, from: string | RegExp, to: string): Tree {
  const before = text(tree, path);
  const after = before.replace(from, to);
  if (after === before) throw new Error(`${path} has no ${String(from)}`);
  return withFile(tree, path, after);
}

export function objectsOf(tree: Tree): readonly KubernetesObject[] {
  return [...parseFolder([...tree.files].map(([path]) => ({ path, name: path, text: text(tree, path) })))];
}
