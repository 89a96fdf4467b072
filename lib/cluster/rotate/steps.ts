import { selects } from '../../check/lint/selectors.js';
import { durationText, listAt, mapAt, textAt } from '../_values.js';
import { condition } from '../state/index.js';
import { hasSameKey, isAmong, leadsTo, serialHash, shortFingerprint, trustFingerprint } from './chain.js';
import { FURTHER_ROOTS, type Issued, keptName, type Pod, type RotationFacts } from './facts.js';

/** The steps of a rotation, in their order. */
export const STEPS = [
  'keep-old-root',
  'old-root-kept',
  'renew-due',
  'new-root',
  'both-trusted',
  'renew-intermediates',
  'renew-leaves',
  'leaves-served',
  'remove-old-root',
] as const;
export type StepId = (typeof STEPS)[number];

/**
 * `done`. `now`: it may be done. `waits`: for what others do, see `evidence`. `blocked`: somebody has to mend something first, see
 * `next`. `later`: one before it is not done.
 */
export type StepState = 'done' | 'now' | 'waits' | 'blocked' | 'later';

export interface RotationStep {
  readonly id: StepId;
  readonly title: string;
  readonly state: StepState;
  /** What was seen; no secret. */
  readonly evidence: readonly string[];
  /** What somebody has to do, where it is blocked. */
  readonly next: string | undefined;
}

export interface StepOptions {
  /** How long the kubelet and the processes get for a change that nobody can look at, in seconds. */
  readonly graceSeconds: number;
}

type Verdict = Pick<RotationStep, 'state'> & { readonly evidence?: readonly string[]; readonly next?: string };
type Judge = (facts: RotationFacts, options: StepOptions) => Verdict;

const DONE: Verdict = { state: 'done' };
/** trust-manager takes a ConfigMap within a second; nothing in the cluster says that it has, since the root is in the bundle already. */
const SETTLE_MS = 10_000;
/** A root that is due so soon would be renewed in the middle of it. */
const ROOT_QUIET_MS = 24 * 3_600_000;
/** From the new key until everybody trusts it, beside the grace: cert-manager, trust-manager and this command. */
const ISSUING_SECONDS = 300;

/** Every step with its state: those before the first that is not done are done, those behind it come later. */
export function stepsOf(facts: RotationFacts, options: StepOptions): RotationStep[] {
  let open = false;
  return STEPS.map(id => {
    const { title, judge } = TABLE[id];
    const { state, evidence = [], next } = open ? ({ state: 'later' } as Verdict) : judge(facts, options);
    open ||= state !== 'done';
    return { id, title: title(facts), state, evidence, next };
  });
}

/** The first step that is not done. */
export const currentStep = (steps: readonly RotationStep[]): RotationStep | undefined => steps.find(({ state }) => state !== 'done');

const TABLE: Readonly<Record<StepId, { title(facts: RotationFacts): string; judge: Judge }>> = {
  'keep-old-root': {
    title: ({ subject: { fleet, home } }) => `keep the root that signs now trusted, in ConfigMap ${home}/${keptName(fleet)}`,
    judge: facts => (facts.kept === undefined ? mayStart(facts) : DONE),
  },
  'old-root-kept': { title: () => 'wait until trust-manager has it', judge: oldRootKept },
  'renew-due': {
    title: () => 'renew what the root signs and is due soon, so that nothing is signed by a root that is not trusted yet',
    judge: dueSoon,
  },
  'new-root': { title: ({ root }) => `let cert-manager make a new key for ${root.key}`, judge: newRoot },
  'both-trusted': { title: () => 'wait until every namespace and every process trusts both roots', judge: bothTrusted },
  'renew-intermediates': {
    title: () => 'issue the intermediates anew, with new keys, from the new root',
    judge: intermediatesFromNewRoot,
  },
  'renew-leaves': {
    title: ({ leaves }) => `renew ${leaves.length} certificates, some at a time`,
    judge: leavesFromNewRoot,
  },
  'leaves-served': { title: () => 'wait until every process serves its new certificate', judge: leavesServed },
  'remove-old-root': {
    title: ({ subject: { fleet, home } }) => `take the old root away: ConfigMap ${home}/${keptName(fleet)}`,
    judge: () => ({ state: 'now', evidence: ['no certificate of the fleet leads to the old root'] }),
  },
};

function mayStart(facts: RotationFacts): Verdict {
  const { root, intermediates, leaves, targets, now } = facts;
  const blocked = (evidence: readonly string[], next: string): Verdict => ({ state: 'blocked', evidence, next });
  const doctor = 'sentinel-mtls doctor says what comes next';
  const [current] = root.chain;
  if (current === undefined || root.secret?.held['tls.key']?.fits !== true)
    return blocked([`the Secret of ${root.key} has no certificate with its key`], doctor);
  const authorities = [root, ...intermediates];
  const unready = authorities.filter(({ isReady, isIssuing }) => !isReady || isIssuing);
  if (unready.length > 0)
    return blocked(
      unready.map(({ key, isIssuing }) => `${key} is ${isIssuing ? 'being issued' : 'not ready'}`),
      doctor,
    );
  const dueSoon = authorities.filter(({ renewalTime }) => renewalTime < now + ROOT_QUIET_MS);
  if (dueSoon.length > 0)
    return blocked(
      dueSoon.map(({ key, renewalTime }) => `${key} is renewed on ${time(renewalTime)}, in the middle of a rotation`),
      `sentinel-mtls renew ${dueSoon.map(({ certificate }) => certificate.metadata.name).join(' ')} --wait`,
    );
  const trust = bundleTrouble(facts);
  if (trust !== undefined) return trust;
  const behind = targets.filter(({ roots }) => roots === undefined || !isAmong(current, roots));
  if (behind.length > 0)
    return blocked(
      behind.map(
        ({ namespace, roots }) =>
          `namespace ${namespace} ${roots === undefined ? 'has no bundle' : 'does not trust the root that signs now'}`,
      ),
      doctor,
    );
  const strange = [...intermediates, ...leaves].filter(({ chain }) => chain.length > 0 && !leadsTo(chain, current));
  if (strange.length > 0)
    return blocked(
      strange.map(({ key }) => `${key} does not lead to the root that signs now`),
      `sentinel-mtls renew ${strange.map(({ certificate }) => certificate.metadata.name).join(' ')} --wait`,
    );
  return { state: 'now', evidence: [`root ${shortFingerprint(current)} signs ${leaves.length} certificates`] };
}

/** Why a ConfigMap with the label would not come into the bundles. */
function bundleTrouble({ subject: { bundle, fleet } }: RotationFacts): Verdict | undefined {
  const name = bundle.metadata.name;
  const takes = listAt(bundle, 'spec', 'sources').some(source => {
    const { selector, includeAllKeys } = mapAt(source, 'configMap');
    return selector !== undefined && includeAllKeys === true && selects(selector, { [FURTHER_ROOTS]: fleet });
  });
  if (!takes)
    return {
      state: 'blocked',
      evidence: [
        `Bundle ${name} takes no ConfigMaps with the label ${FURTHER_ROOTS}=${fleet}, so that two roots can't be trusted at a time`,
      ],
      next: 'apply trust.yaml as synth writes it',
    };
  const synced = condition(bundle, 'Synced');
  if (synced?.status !== 'True')
    return {
      state: 'blocked',
      evidence: [`Bundle ${name} is not synced: ${synced === undefined ? 'trust-manager has not looked at it' : synced.message}`],
      next: 'sentinel-mtls doctor says what comes next',
    };
  return undefined;
}

function oldRootKept(facts: RotationFacts): Verdict {
  const { kept, targets, now } = facts;
  if (kept === undefined) return DONE;
  const trouble = bundleTrouble(facts);
  if (trouble !== undefined) return trouble;
  const lacking = targets.filter(({ roots }) => roots === undefined || !isAmong(kept.root, roots));
  if (lacking.length > 0) return waits(lacking.map(({ namespace }) => `the bundle in namespace ${namespace} lacks the old root`));
  const age = now - kept.createdAt;
  return age < SETTLE_MS ? waits([`the ConfigMap is ${Math.round(age / 1000)} s old; trust-manager gets ${SETTLE_MS / 1000} s`]) : DONE;
}

function dueSoon(facts: RotationFacts, { graceSeconds }: StepOptions): Verdict {
  if (hasNewKey(facts)) return DONE;
  const until = facts.now + (graceSeconds + ISSUING_SECONDS) * 1000;
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

/** @internal */
export const dueUntil = ({ now }: RotationFacts, { graceSeconds }: StepOptions): number => now + (graceSeconds + ISSUING_SECONDS) * 1000;

export function hasNewKey({ kept, root: { chain } }: RotationFacts): boolean {
  const [current] = chain;
  return kept !== undefined && current !== undefined && !hasSameKey(current, kept.root);
}

function newRoot(facts: RotationFacts): Verdict {
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

function bothTrusted(facts: RotationFacts, { graceSeconds }: StepOptions): Verdict {
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

/** Certificates that still lead elsewhere. One that was never issued leads nowhere, and holds nobody up. */
export const staleOf = ({ root: { chain } }: RotationFacts, issued: readonly Issued[]): Issued[] =>
  issued.filter(
    ({ chain: own, secret }) => secret !== undefined && (own.length === 0 || chain[0] === undefined || !leadsTo(own, chain[0])),
  );

/** Of authorities one at a time, an upper one first: what is below must come from it. */
function intermediatesFromNewRoot(facts: RotationFacts): Verdict {
  const stale = staleOf(facts, facts.intermediates);
  const [next] = stale;
  if (next === undefined) return allReady(facts.intermediates);
  return isPending(next) ? waits([`cert-manager is to issue ${next.key}`]) : { state: 'now', evidence: notNew(stale) };
}

function leavesFromNewRoot(facts: RotationFacts): Verdict {
  const stale = staleOf(facts, facts.leaves);
  if (stale.some(leaf => !isPending(leaf))) return { state: 'now', evidence: notNew(stale) };
  return stale.length > 0 ? waits(stale.map(({ key }) => `${key} is being issued`)) : allReady(facts.leaves);
}

const notNew = (stale: readonly Issued[]): string[] => stale.map(({ key }) => `${key} does not lead to the new root`);

function allReady(issued: readonly Issued[]): Verdict {
  const unready = issued.filter(({ secret, isReady, isIssuing }) => secret !== undefined && (!isReady || isIssuing));
  return unready.length > 0 ? waits(unready.map(({ key, isIssuing }) => `${key} is ${isIssuing ? 'being issued' : 'not ready'}`)) : DONE;
}

function leavesServed({ leaves, pods, now }: RotationFacts, { graceSeconds }: StepOptions): Verdict {
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

const waits = (evidence: readonly string[]): Verdict => ({ state: 'waits', evidence });

const time = (milliseconds: number): string =>
  Number.isNaN(milliseconds) ? 'an unknown day' : new Date(milliseconds).toISOString().slice(0, 16).replace('T', ' ');
