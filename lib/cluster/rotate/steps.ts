import { mayStart, oldRootKept } from './beginning.js';
import { keptName, type RotationFacts } from './facts.js';
import { dueSoon, intermediatesFromNewRoot, leavesFromNewRoot, newRoot } from './issuing.js';
import { bothTrusted, leavesServed } from './processes.js';
import { DONE, type Judge, type StepOptions, type StepState, type Verdict } from './verdict.js';

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

export interface RotationStep {
  readonly id: StepId;
  readonly title: string;
  readonly state: StepState;
  /** What was seen; no secret. */
  readonly evidence: readonly string[];
  /** What somebody has to do, where it is blocked. */
  readonly next: string | undefined;
}

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
