import { NOT_SURE } from './_not-sure.js';
import { keyText } from './_scalar.js';

export interface OrderedKey {
  readonly key: string;
  /** The key as it is written, with its colon. */
  readonly text: string;
}

interface Step {
  readonly key: string;
  order: readonly OrderedKey[] | null | undefined;
  only: Step | undefined;
  others: Map<string, Step> | undefined;
}

// 20,000: a fleet has some hundred shapes; maps keyed by service names would else be remembered for ever
const STEP_LIMIT = 20_000;

/**
 * The keys of an object in the order in which they are written. Objects of one shape share one sorted list,
 * found by walking a tree of key sequences, so that nothing is sorted or quoted twice.
 */
export class KeyOrder {
  private readonly root: Step = { key: '', order: undefined, only: undefined, others: undefined };
  private steps = 0;

  constructor(private readonly compare: (left: string, right: string) => number) {}

  /** Throws NOT_SURE where a key is one that only the library may write. */
  of(object: Readonly<Record<string, unknown>>): readonly OrderedKey[] {
    let step = this.root;
    for (const key in object) {
      const only: Step | undefined = step.only;
      if (only !== undefined && only.key === key) step = only;
      else {
        const next = this.next(step, key);
        if (next === undefined) return this.sorted(object) ?? refuse();
        step = next;
      }
    }
    if (step.order === undefined) step.order = this.sorted(object);
    return step.order ?? refuse();
  }

  private next(step: Step, key: string): Step | undefined {
    const known = step.others?.get(key);
    if (known !== undefined || this.steps >= STEP_LIMIT) return known;
    this.steps++;
    const next: Step = { key, order: undefined, only: undefined, others: undefined };
    if (step.only === undefined) step.only = next;
    else {
      step.others ??= new Map();
      step.others.set(key, next);
    }
    return next;
  }

  private sorted(object: Readonly<Record<string, unknown>>): readonly OrderedKey[] | null {
    try {
      return Object.keys(object)
        .sort(this.compare)
        .map(key => ({ key, text: keyText(key) }));
    } catch (error) {
      if (error === NOT_SURE) return null;
      throw error;
    }
  }
}

function refuse(): never {
  throw NOT_SURE;
}
