import type { ObjectSet } from '../../objects/index.js';
import { labelsOf } from './pods.js';
import type { Labels } from './selector.js';

/** The API server gives every namespace this label and lets nobody change it. */
export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';

/** Labels of the namespaces that a set names; one without a Namespace object has its name alone. */
export class Namespaces {
  readonly #labels = new Map<string, Labels>();

  constructor(objects: ObjectSet) {
    for (const { metadata } of objects.ofKind('Namespace', ''))
      this.#labels.set(metadata.name, { ...labelsOf(metadata.labels), [NAMESPACE_NAME_LABEL]: metadata.name });
  }

  labels(namespace: string): Labels {
    return this.#labels.get(namespace) ?? { [NAMESPACE_NAME_LABEL]: namespace };
  }
}
