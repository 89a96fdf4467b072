import type { KubernetesObject } from '../../objects/index.js';
import { listAt, textAt } from '../_values.js';

export interface Condition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** Milliseconds; NaN where there is none. */
  readonly since: number;
}

export function condition(object: KubernetesObject, type: string): Condition | undefined {
  const found = listAt(object, 'status', 'conditions').find(entry => textAt(entry, 'type') === type);
  if (found === undefined) return undefined;
  return {
    status: textAt(found, 'status'),
    reason: textAt(found, 'reason'),
    message: textAt(found, 'message'),
    since: Date.parse(textAt(found, 'lastTransitionTime')),
  };
}
