import type { ObjectSet } from '../../objects/index.js';
import type { NetworkPolicy, NetworkProblem } from './policy.js';
import { readPolicy } from './read-policy.js';
import { unreadPolicies } from './unread.js';

export interface Policies {
  readonly policies: readonly NetworkPolicy[];
  /** Objects that were not taken into account, and why. */
  readonly problems: readonly NetworkProblem[];
}

/** The NetworkPolicies of a set. */
export function readPolicies(objects: ObjectSet): Policies {
  const read = objects.ofKind('NetworkPolicy', 'networking.k8s.io').map(readPolicy);
  return {
    policies: read.flatMap(result => ('policy' in result ? [result.policy] : [])),
    problems: [...read.flatMap(result => ('problems' in result ? result.problems : [])), ...unreadPolicies(objects)],
  };
}
