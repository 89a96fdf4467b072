import { parseAllDocuments } from 'yaml';
import { leaves } from './leaves.js';
import { hash } from './shown.js';
import type { Effect, Fact, Field } from './types.js';

/** Dashboards, alert rules as a plain file, and their tests: copies of what the objects say. */
const COPIES = /^monitoring\//;
const STRUCTURED = /\.(?:ya?ml|json)$/;

/** A file that holds no objects: by its values where it has any, else by its bytes. */
export function fileFact(path: string, bytes: Uint8Array, text: string): Fact {
  const effect: Effect = COPIES.test(path) ? 'none' : 'review';
  const values = effect === 'review' && STRUCTURED.test(path) ? valuesOf(text) : undefined;
  const content: Field = { name: 'content', value: hash(bytes), shown: `${bytes.length} bytes, sha256 ${hash(bytes)}`, effect };
  return { section: 'files', key: path, subject: path, appears: effect, fields: values ?? [content], sources: [path] };
}

/** Undefined for what is no plain YAML or JSON. */
function valuesOf(text: string): readonly Field[] | undefined {
  try {
    const documents = parseAllDocuments(text, { version: '1.2', uniqueKeys: true, strict: true });
    if (!Array.isArray(documents) || documents.some(({ errors }) => errors.length > 0)) return undefined;
    const values: readonly unknown[] = documents.map(document => document.toJS() as unknown);
    return values.length === 1 ? leaves(values[0], () => undefined) : leaves(values, () => undefined, 'document');
  } catch {
    return undefined;
  }
}
