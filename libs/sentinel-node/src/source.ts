import type { Refusal } from './candidate.js';
import type { Generation } from './generation.js';

/** Called once a swap; what it throws is ignored. */
export type SwapListener = (next: Generation, former: Generation | undefined) => void;

export interface Readiness {
  readonly ready: boolean;
  readonly reason: 'no-generation' | 'leaf-expired' | 'leaf-not-yet-valid' | undefined;
}

/** Where the generation that stands comes from. */
export interface Source {
  /** The generation that stands. */
  current(): Generation;
  /** Registers a listener for swaps; returns how to end it. */
  onSwap(listener: SwapListener): () => void;
  /** Whether the process may be sent requests. */
  readiness(): Readiness;
  /** Why the last look refused something; empty when it did not. */
  readonly refusals: readonly Refusal[];
  metricsText(): string;
  /** Looks again now. */
  refresh(): Promise<void>;
  close(): void;
}
