import { NOT_SURE } from './_not-sure.js';
import { YamlBytes } from './_yaml-bytes.js';

export interface OrderedKey {
  readonly key: string;
  /** The key as it is written, with its colon. */
  readonly bytes: Uint8Array;
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
        .map(key => ({ key, bytes: keyBytes(key) }));
    } catch (error) {
      if (error === NOT_SURE) return null;
      throw error;
    }
  }
}

const scratch = new YamlBytes(1024);

/** Throws NOT_SURE for keys that change more than their own line. */
function keyBytes(key: string): Uint8Array {
  // such keys change the order or the nature of a JavaScript object
  if (/^(?:0|[1-9][0-9]{0,9})$/.test(key) || key === '__proto__' || key === 'constructor') throw NOT_SURE;
  // 1024: longer keys, and keys of several lines, are written as `? key`
  if (key.length > 1000 || key.includes('\n')) throw NOT_SURE;
  scratch.string(key, 0);
  scratch.word(':');
  return Uint8Array.from(scratch.take());
}

function refuse(): never {
  throw NOT_SURE;
}
