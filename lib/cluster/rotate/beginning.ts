import { selects } from '../../check/lint/selectors.js';
import { listAt, mapAt } from '../_values.js';
import { condition } from '../state/index.js';
import { isAmong, leadsTo, shortFingerprint } from './chain.js';
import { FURTHER_ROOTS, type RotationFacts } from './facts.js';
import { DONE, time, type Verdict, waits } from './verdict.js';

/** trust-manager takes a ConfigMap within a second; nothing in the cluster says that it has, since the root is in the bundle already. */
const SETTLE_MS = 10_000;
/** A root that is due so soon would be renewed in the middle of it. */
const ROOT_QUIET_MS = 24 * 3_600_000;
/** Everything that must be well before anything is changed. */
export function mayStart(facts: RotationFacts): Verdict {
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
function bundleTrouble({ subject: { bundle, fleet }, targets }: RotationFacts): Verdict | undefined {
  const name = bundle.metadata.name;
  if (targets.length === 0)
    return { state: 'blocked', evidence: [`Bundle ${name} goes to no namespace`], next: 'apply trust.yaml as synth writes it' };
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

export function oldRootKept(facts: RotationFacts): Verdict {
  const { kept, targets, now } = facts;
  if (kept === undefined) return DONE;
  const trouble = bundleTrouble(facts);
  if (trouble !== undefined) return trouble;
  const lacking = targets.filter(({ roots }) => roots === undefined || !isAmong(kept.root, roots));
  if (lacking.length > 0) return waits(lacking.map(({ namespace }) => `the bundle in namespace ${namespace} lacks the old root`));
  const age = now - kept.createdAt;
  return age < SETTLE_MS ? waits([`the ConfigMap is ${Math.round(age / 1000)} s old; trust-manager gets ${SETTLE_MS / 1000} s`]) : DONE;
}
