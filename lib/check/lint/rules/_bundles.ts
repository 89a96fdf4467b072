import type { FieldPath, KubernetesObject } from '../../../objects/index.js';
import { isSet, listAt, mapAt, textAt } from '../values.js';
import type { World } from '../world.js';

/** One source of a Bundle or ClusterBundle of trust-manager. */
export interface BundleSource {
  readonly kind: 'Secret' | 'ConfigMap' | 'inline' | 'defaultCAs';
  /** Empty where objects are chosen by labels. */
  readonly name: string;
  readonly inline: string;
  readonly path: FieldPath;
}

export interface BundleView {
  readonly object: KubernetesObject;
  readonly sources: readonly BundleSource[];
}

export function bundlesOf({ objects }: World): BundleView[] {
  const old = objects.ofKind('Bundle', 'trust.cert-manager.io').map(object => ({
    object,
    sources: listAt(object, 'spec', 'sources').flatMap((source, index) => sourceOf(source, ['spec', 'sources', index])),
  }));
  const current = objects.ofKind('ClusterBundle', 'trust-manager.io').map(object => ({ object, sources: currentSources(object) }));
  return [...old, ...current];
}

function sourceOf(source: unknown, path: FieldPath): BundleSource[] {
  const found: BundleSource[] = [];
  const add = (kind: BundleSource['kind'], field: string, name: string, inline = ''): void => {
    found.push({ kind, name, inline, path: [...path, field] });
  };
  if (isSet(source, 'secret')) add('Secret', 'secret', textAt(source, 'secret', 'name'));
  if (isSet(source, 'configMap')) add('ConfigMap', 'configMap', textAt(source, 'configMap', 'name'));
  if (isSet(source, 'inLine')) add('inline', 'inLine', '', textAt(source, 'inLine'));
  if (mapAt(source).useDefaultCAs === true) add('defaultCAs', 'useDefaultCAs', '');
  return found;
}

function currentSources(object: KubernetesObject): BundleSource[] {
  const references = listAt(object, 'spec', 'sourceRefs').flatMap((source, index): BundleSource[] => {
    const kind = textAt(source, 'kind');
    return kind === 'Secret' || kind === 'ConfigMap'
      ? [{ kind, name: textAt(source, 'name'), inline: '', path: ['spec', 'sourceRefs', index] }]
      : [];
  });
  const inline = textAt(object, 'spec', 'inLineCAs');
  return [
    ...references,
    ...(inline === '' ? [] : [{ kind: 'inline' as const, name: '', inline, path: ['spec', 'inLineCAs'] }]),
    ...(textAt(object, 'spec', 'defaultCAs', 'provider') === 'System'
      ? [{ kind: 'defaultCAs' as const, name: '', inline: '', path: ['spec', 'defaultCAs'] }]
      : []),
  ];
}
