import type { Policy } from '../../fleet/policy.js';
import { type KubernetesObject, type ObjectSet, ObjectsError, valueAt } from '../../objects/index.js';
import { PolicyError, parsePolicy } from '../prove/policy-reader.js';

export interface PolicyOf {
  readonly object: KubernetesObject;
  readonly namespace: string;
  readonly policy: Policy;
}

const PATH = ['data', 'policy.json'] as const;

/** The allow-lists of an environment. */
export function policiesOf(objects: ObjectSet): readonly PolicyOf[] {
  return objects.ofKind('ConfigMap', '').flatMap(object => {
    const text = valueAt(object, PATH);
    if (typeof text !== 'string') return [];
    try {
      return [{ object, namespace: object.metadata.namespace ?? '', policy: parsePolicy(text) }];
    } catch (error) {
      if (error instanceof PolicyError) throw new ObjectsError(objects.sourceOf(object, PATH), error.message);
      throw error;
    }
  });
}
