import { ObjectSet, parseFolder, parseObjects } from '../../objects/index.js';
import { factsOf } from './facts.js';
import { fileFact } from './file-facts.js';
import type { Tree } from './tree.js';
import type { Fact } from './types.js';

const PATCH = /^patches\/(?!kustomization\.yaml$)[^/]+\.ya?ml$/;

/** What the objects of an environment say, and of every other file that it is there, with which bytes. */
export function treeFacts(tree: Tree): readonly Fact[] {
  const decoder = new TextDecoder();
  const files = [...tree.files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, bytes]) => ({ path, name: `${tree.name}/${path}`, bytes, text: decoder.decode(bytes) }));
  const objects = parseFolder(files);
  const read = new Set(objects.entries().map(({ source }) => source.file));
  const skipped = new Set(objects.skipped.map(({ file }) => file));
  const others = files.filter(({ path, name }) => skipped.has(name) || !(read.has(name) || /\.ya?ml$/.test(path)));
  return [
    ...factsOf(objects),
    ...others.flatMap(({ path, name, bytes, text }) => (PATCH.test(path) ? patchFacts(path, name, text) : [fileFact(path, bytes, text)])),
  ];
}

/** Patches give the workloads of others their identity; they look like the objects that they change. */
function patchFacts(path: string, name: string, text: string): readonly Fact[] {
  return factsOf(new ObjectSet(parseObjects(text, name))).map(fact => ({
    ...fact,
    section: 'workloads',
    key: `patch of ${fact.section} ${fact.key}`,
    subject: `patch of ${fact.subject}`,
    sources: [path],
  }));
}
