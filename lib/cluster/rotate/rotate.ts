import { setTimeout as pause } from 'node:timers/promises';
import { Reader } from '../_reader.js';
import type { Api } from '../read/index.js';
import { isAmong } from './chain.js';
import { type FactsOptions, type RotationFacts, readFacts } from './facts.js';
import { type Performed, type PerformOptions, perform } from './perform.js';
import { currentStep, type RotationStep, stepsOf } from './steps.js';

export interface RotateOptions extends FactsOptions, PerformOptions {
  /** Go on until there is nothing left that may be done. */
  readonly wait: boolean;
  /** Of everything, with `wait`. */
  readonly deadlineSeconds: number;
  /** `start`: may begin. `continue`: may go on. `complete`: may also take the old root away. */
  readonly may: 'start' | 'continue' | 'complete';
  readonly onStep?: (step: RotationStep, performed: Performed) => void;
  readonly onWait?: (step: RotationStep) => void;
}

/** How far a rotation is. `idle`: none is under way. `ready`: the old root may be taken away. */
export interface Rotation {
  readonly fleet: string;
  readonly state: 'idle' | 'under-way' | 'ready' | 'completed';
  readonly steps: readonly RotationStep[];
}

/** What was done and where it stands then. */
export interface Progress extends Rotation {
  readonly did: readonly { readonly step: RotationStep; readonly performed: Performed }[];
  /** Why it stopped: a step was done, it waits, it is blocked, something failed, or nothing is left that may be done. */
  readonly outcome: 'did' | 'waits' | 'blocked' | 'failed' | 'finished' | 'refused';
  readonly message: string;
}

const POLL_MS = 2_000;

export async function rotationStatus(api: Api, options: FactsOptions & { readonly graceSeconds: number }): Promise<Rotation> {
  return rotationOf(await readFacts(new Reader(api), options), options);
}

function rotationOf(facts: RotationFacts, options: { readonly graceSeconds: number }): Rotation {
  const steps = stepsOf(facts, options);
  const state = facts.kept === undefined ? 'idle' : currentStep(steps)?.id === 'remove-old-root' ? 'ready' : 'under-way';
  return { fleet: facts.subject.fleet, state, steps };
}

/**
 * Takes the next safe step, or with `wait` all of them. What comes next is read from the cluster each time.
 *
 * @throws ClusterError when something can't be read or written
 */
export async function rotate(api: Api, options: RotateOptions): Promise<Progress> {
  const reader = new Reader(api);
  const did: Progress['did'][number][] = [];
  const deadline = Date.now() + options.deadlineSeconds * 1000;
  for (;;) {
    const began = Date.now();
    const facts = await readFacts(reader, options);
    const rotation = rotationOf(facts, options);
    const end = (outcome: Progress['outcome'], message: string): Progress => ({ ...rotation, did, outcome, message });
    const refusal = did.length === 0 ? refusalOf(rotation, options) : undefined;
    if (refusal !== undefined) return end('refused', refusal);
    const step = currentStep(rotation.steps);
    if (step === undefined) throw new Error('the last step is never done: without the old root nothing is under way');
    if (step.state === 'blocked') return end('blocked', step.evidence[0] ?? '');
    if (step.state === 'now') {
      if (step.id === 'remove-old-root' && options.may !== 'complete')
        return end('finished', 'the old root may be taken away: sentinel-mtls rotate complete');
      const performed = await perform(reader, facts, step.id, options);
      did.push({ step, performed });
      options.onStep?.(step, performed);
      if (performed.isConflict) {
        if (!options.wait) return end('waits', performed.message);
        continue;
      }
      if (performed.renewals.some(({ outcome }) => outcome === 'failed')) return end('failed', performed.message);
      if (step.id === 'remove-old-root') return { ...(await untilGone(reader, facts, options, deadline)), did };
      if (!options.wait) return end('did', performed.message);
      continue;
    }
    options.onWait?.(step);
    if (!options.wait) return end('waits', step.evidence[0] ?? '');
    if (Date.now() > deadline) return end('waits', `not so within ${options.deadlineSeconds} s: ${step.evidence[0] ?? ''}`);
    // a large fleet takes long to read, and is not asked all the time
    await pause(Math.max(POLL_MS, 3 * (Date.now() - began)));
  }
}

/** Out of order. */
function refusalOf({ state, steps, fleet }: Rotation, { may, wait }: RotateOptions): string | undefined {
  if (may === 'start') {
    if (state === 'idle') return undefined;
    return `a rotation of fleet ${fleet} is under way: ConfigMap ${fleet}-old-root keeps its old root; go on with sentinel-mtls rotate continue`;
  }
  if (state === 'idle')
    return `no rotation of fleet ${fleet} is under way: there is no ConfigMap ${fleet}-old-root; begin with sentinel-mtls rotate start`;
  if (may !== 'complete' || wait || state === 'ready') return undefined;
  const step = currentStep(steps);
  return `the old root is still needed: ${step?.evidence[0] ?? step?.title ?? ''}; go on with sentinel-mtls rotate continue`;
}

/** Until no bundle has the old root any more. */
async function untilGone(reader: Reader, before: RotationFacts, options: RotateOptions, deadline: number): Promise<Progress> {
  const { kept } = before;
  const rotation = { fleet: before.subject.fleet, state: 'completed', steps: [], did: [] } as const;
  for (;;) {
    const { targets } = await readFacts(reader, options);
    const left = kept === undefined ? [] : targets.filter(({ roots = [] }) => isAmong(kept.root, roots));
    if (left.length === 0) return { ...rotation, outcome: 'finished', message: 'the new root alone is trusted' };
    const where = `the bundle in namespace ${left[0]?.namespace} still has the old root: trust-manager takes it out, or another source has it`;
    if (!options.wait || Date.now() > deadline) return { ...rotation, outcome: options.wait ? 'waits' : 'did', message: where };
    await pause(POLL_MS);
  }
}
