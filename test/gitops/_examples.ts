import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../lib/objects/index.js';

export const ROOT = join(__dirname, '../..');
export const GITOPS = join(ROOT, 'examples/gitops');

/** Every YAML file below a folder of examples/gitops, sorted. */
export function filesOf(folder = ''): readonly string[] {
  return readdirSync(join(GITOPS, folder), { recursive: true, encoding: 'utf8' })
    .filter(path => /\.ya?ml$/.test(path))
    .map(path => join(folder, path))
    .sort();
}

export const read = (path: string): string => readFileSync(join(GITOPS, path), 'utf8');

/** The documents of a file; broken YAML and keys that stand twice are errors. */
export function documentsOf(text: string): readonly KubernetesObject[] {
  return parseAllDocuments(text, { version: '1.2', uniqueKeys: true, strict: true }).map(document => {
    const [error] = 'errors' in document ? document.errors : [];
    if (error) throw error;
    return (document as { toJS(): unknown }).toJS() as KubernetesObject;
  });
}

/** Every object of the examples with the file in which it stands. */
export const objects = (folder = ''): readonly { readonly file: string; readonly object: KubernetesObject }[] =>
  filesOf(folder)
    .filter(file => !file.startsWith('ci/'))
    .flatMap(file => documentsOf(read(file)).map(object => ({ file, object })));

export const object = (kind: string, name: string, folder = ''): KubernetesObject => {
  const found = objects(folder).filter(other => other.object.kind === kind && other.object.metadata?.name === name);
  if (found.length !== 1) throw new Error(`${found.length} objects are ${kind} ${name} in ${relative(ROOT, join(GITOPS, folder))}`);
  return (found[0] as { readonly object: KubernetesObject }).object;
};
