import { isAmong, serialHash, trustFingerprint } from './chain.js';
import type { Pod, RotationFacts } from './facts.js';
import { type StepOptions, type Verdict, waits } from './verdict.js';

export function bothTrusted(facts: RotationFacts, { graceSeconds }: StepOptions): Verdict {
  const { kept, root, targets, now, pods } = facts;
  const [current] = root.chain;
  if (kept === undefined || current === undefined) return waits(['a root is missing']);
  const lacking = targets.flatMap(({ namespace, roots = [] }) => [
    ...(isAmong(kept.root, roots) ? [] : [`the bundle in namespace ${namespace} lacks the old root`]),
    ...(isAmong(current, roots) ? [] : [`the bundle in namespace ${namespace} lacks the new root`]),
  ]);
  if (lacking.length > 0) return waits(lacking);
  const expected = new Map(targets.map(({ namespace, roots = [] }) => [namespace, trustFingerprint(roots)]));
  const behind = pods.filter(pod => pod.identities.some(({ trustFingerprint: has }) => has !== expected.get(pod.namespace)));
  if (behind.length > 0) return waits(behind.map(({ key }) => `the process in pod ${key} trusts other roots than its namespace’s bundle`));
  const written = Math.max(...targets.map(({ writtenAt }) => writtenAt));
  return grace(pods, written, 'the bundles were written', now, graceSeconds);
}

export function leavesServed({ leaves, pods, now }: RotationFacts, { graceSeconds }: StepOptions): Verdict {
  const serials = new Map<string, Set<string>>();
  for (const { chain, certificate } of leaves) {
    const [leaf] = chain;
    if (leaf === undefined) continue;
    for (const [, uri = ''] of (leaf.subjectAltName ?? '').matchAll(/URI:([^,]+)/g)) {
      const key = `${certificate.metadata.namespace ?? ''} ${uri}`;
      serials.set(key, (serials.get(key) ?? new Set()).add(serialHash(leaf)));
    }
  }
  const judged = pods.map(pod => {
    const known = pod.identities.every(({ spiffeId }) => serials.has(`${pod.namespace} ${spiffeId}`));
    return known ? pod : { ...pod, unreadable: pod.unreadable ?? 'it serves an identity that no Certificate of its namespace has' };
  });
  const behind = judged.filter(
    pod =>
      pod.unreadable === undefined &&
      pod.identities.some(({ spiffeId, serialHash: has }) => !serials.get(`${pod.namespace} ${spiffeId}`)?.has(has)),
  );
  if (behind.length > 0)
    return waits(behind.map(({ key }) => `the process in pod ${key} serves another certificate than its Secret holds`));
  const issuedAt = Math.max(...leaves.flatMap(({ chain: [leaf] }) => (leaf === undefined ? [] : [Date.parse(leaf.validFrom)])), 0);
  return grace(judged, issuedAt, 'the last certificate was issued', now, graceSeconds);
}

/** Nothing to wait for where every process has shown what it has; otherwise the kubelet and the processes get their time. */
function grace(pods: readonly Pod[], since: number, what: string, now: number, graceSeconds: number): Verdict {
  const silent = pods.filter(({ unreadable }) => unreadable !== undefined);
  if (pods.length > 0 && silent.length === 0) return { state: 'done', evidence: [`${pods.length} pods say so themselves`] };
  const reasons = [...new Set(silent.map(({ unreadable }) => unreadable))].join('; ');
  const unknown =
    pods.length === 0
      ? 'no running pod of the fleet was seen'
      : `${silent.length} of ${pods.length} pods do not say what they have (${reasons})`;
  if (Number.isNaN(since)) return waits([`${unknown}, and when ${what} is not known`]);
  const passed = (now - since) / 1000;
  if (passed >= graceSeconds) return { state: 'done', evidence: [`${unknown}; ${what} ${Math.round(passed)} s ago`] };
  return waits([`${unknown}; ${what} ${Math.max(0, Math.round(passed))} s ago, of ${graceSeconds} s of grace`]);
}
