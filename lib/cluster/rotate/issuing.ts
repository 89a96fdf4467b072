import { durationText, textAt } from '../_values.js';
import { condition } from '../state/index.js';
import { hasSameKey, leadsTo, shortFingerprint } from './chain.js';
import type { Issued, RotationFacts } from './facts.js';
import { DONE, type StepOptions, time, type Verdict, waits } from './verdict.js';

/** From the new key until everybody trusts it, beside the grace: cert-manager, trust-manager and this command. */
const ISSUING_SECONDS = 300;

export function dueSoon(facts: RotationFacts, options: StepOptions): Verdict {
  if (hasNewKey(facts)) return DONE;
  const until = dueUntil(facts, options);
  const issuing = facts.direct.filter(({ isIssuing }) => isIssuing);
  if (issuing.length > 0) return waits(issuing.map(({ key }) => `${key} is being issued`));
  const due = dueBefore(facts, until);
  if (due.length === 0) return DONE;
  // one whose life is so short that a renewal gives no rest
  const restless = due.filter(
    ({ chain: [leaf], renewalTime }) => leaf !== undefined && renewalTime - Date.parse(leaf.validFrom) <= until - facts.now,
  );
  if (restless.length > 0)
    return {
      state: 'blocked',
      evidence: restless.map(({ key }) => `${key} is renewed again within ${durationText((until - facts.now) / 1000)} of each renewal`),
      next: 'give it a longer life for the time of the rotation, or a shorter grace with --grace where kubelet and processes are known to be faster',
    };
  return { state: 'now', evidence: due.map(({ key, renewalTime }) => `${key} is due on ${time(renewalTime)}`) };
}

/** Certificates that the root signs and that come anew before this time. */
export const dueBefore = ({ direct }: RotationFacts, until: number): Issued[] => direct.filter(({ renewalTime }) => renewalTime < until);

export const dueUntil = ({ now }: RotationFacts, { graceSeconds }: StepOptions): number => now + (graceSeconds + ISSUING_SECONDS) * 1000;

export function hasNewKey({ kept, root: { chain } }: RotationFacts): boolean {
  const [current] = chain;
  return kept !== undefined && current !== undefined && !hasSameKey(current, kept.root);
}

export function newRoot(facts: RotationFacts): Verdict {
  const { root, kept } = facts;
  const held = root.secret?.held['tls.key'];
  if (hasNewKey(facts)) {
    if (held?.fits !== true) return waits([`the Secret of ${root.key} has a new certificate, and not its key yet`]);
    return root.isIssuing || !root.isReady ? waits([`${root.key} is ${root.isIssuing ? 'being issued' : 'not ready'}`]) : DONE;
  }
  const issuing = condition(root.certificate, 'Issuing');
  const failure = issuing?.status === 'False' ? `: ${issuing.reason}: ${issuing.message}` : '';
  if (root.secret === undefined || isPending(root)) return waits([`cert-manager is to issue ${root.key}${failure}`]);
  if (Date.parse(textAt(root.certificate, 'status', 'lastFailureTime')) >= (kept?.createdAt ?? 0))
    return {
      state: 'blocked',
      evidence: [`cert-manager could not issue ${root.key}${failure}`],
      next: `mend it, then sentinel-mtls renew ${root.certificate.metadata.name} --wait`,
    };
  return { state: 'now', evidence: [`the key of root ${kept === undefined ? '' : shortFingerprint(kept.root)} still signs`] };
}

/** cert-manager has been told, or finds that a key is missing. */
export const isPending = ({ isIssuing, secret }: Issued): boolean =>
  isIssuing || (secret !== undefined && (secret.held['tls.key']?.bytes ?? 0) === 0);

/** Certificates that still lead elsewhere. One that was never issued leads nowhere, and holds nobody up. */
export const staleOf = ({ root: { chain } }: RotationFacts, issued: readonly Issued[]): Issued[] =>
  issued.filter(
    ({ chain: own, secret }) => secret !== undefined && (own.length === 0 || chain[0] === undefined || !leadsTo(own, chain[0])),
  );

/** Of authorities one at a time, an upper one first: what is below must come from it. */
export function intermediatesFromNewRoot(facts: RotationFacts): Verdict {
  const stale = staleOf(facts, facts.intermediates);
  const [next] = stale;
  if (next === undefined) return allReady(facts.intermediates);
  return isPending(next) ? waits([`cert-manager is to issue ${next.key}`]) : { state: 'now', evidence: notNew(stale) };
}

export function leavesFromNewRoot(facts: RotationFacts): Verdict {
  const stale = staleOf(facts, facts.leaves);
  if (stale.some(leaf => !isPending(leaf))) return { state: 'now', evidence: notNew(stale) };
  return stale.length > 0 ? waits(stale.map(({ key }) => `${key} is being issued`)) : allReady(facts.leaves);
}

const notNew = (stale: readonly Issued[]): string[] => stale.map(({ key }) => `${key} does not lead to the new root`);

function allReady(issued: readonly Issued[]): Verdict {
  const unready = issued.filter(({ secret, isReady, isIssuing }) => secret !== undefined && (!isReady || isIssuing));
  return unready.length > 0 ? waits(unready.map(({ key, isIssuing }) => `${key} is ${isIssuing ? 'being issued' : 'not ready'}`)) : DONE;
}
