import { dirname, join } from 'node:path';
import { isRecord } from './object.js';

/** Names that kustomize looks for in a folder. */
export const KUSTOMIZATION_FILES: readonly string[] = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** Only `kustomize` reads these, and Kubernetes has no such kind. */
export function isKustomization(value: Readonly<Record<string, unknown>>): boolean {
  return typeof value.apiVersion === 'string' && value.apiVersion.startsWith('kustomize.config.k8s.io/');
}

/** A document that is no object: values of a chart, a Kustomization, any other YAML of a repository. */
export function isForeign(value: unknown): boolean {
  return !isRecord(value) || (value.apiVersion === undefined && value.kind === undefined) || isKustomization(value);
}

/** Files that a Kustomization names as patches: parts of objects that look like whole ones. */
export function patchFiles(file: string, value: unknown): readonly string[] {
  if (!isRecord(value) || !(isKustomization(value) || KUSTOMIZATION_FILES.some(name => file.endsWith(`/${name}`)))) return [];
  const named = [value.patches, value.patchesStrategicMerge, value.patchesJson6902].flatMap(list => (Array.isArray(list) ? list : []));
  return named.flatMap((patch: unknown) => {
    const path = isRecord(patch) ? patch.path : patch;
    return typeof path === 'string' && /\.(ya?ml|json)$/.test(path) ? [join(dirname(file), path)] : [];
  });
}
