import { judgeFiles, validityCode } from './candidate.js';
import { MtlsError } from './codes.js';
import { type Generation, makeGeneration } from './generation.js';
import type { Metrics } from './metrics.js';
import type { FileContent } from './read-files.js';
import type { Timings } from './settings.js';
import type { Readiness, Source } from './source.js';

/** The files as texts, for a process that gets them in another way, and for proofs. */
export interface MemoryFiles {
  /** PEM of the leaf and its intermediates. */
  readonly cert: string;
  /** PEM of the private key. */
  readonly key: string;
  /** PEM of every root that is trusted. */
  readonly ca: string;
  /** Text of policy.json. @default no policy */
  readonly policy?: string | undefined;
}

/** One generation that never changes, judged as files are. */
export class MemorySource implements Source {
  readonly refusals = [];
  readonly #metrics: Metrics;
  readonly #generation: Generation;

  /** @throws MtlsError with the code of what is refused */
  constructor(files: MemoryFiles, timings: Timings, metrics: Metrics) {
    this.#metrics = metrics;
    const content = (path: string, text: string): FileContent => ({ path, bytes: Buffer.from(text) });
    const { identity, policy, refusals } = judgeFiles(
      {
        cert: content('tls.crt', files.cert),
        key: content('tls.key', files.key),
        bundle: content('ca.crt', files.ca),
        policy: files.policy === undefined ? undefined : content('policy.json', files.policy),
        plainFolders: [],
      },
      undefined,
      undefined,
      timings,
    );
    const [refusal] = refusals;
    if (refusal || !identity)
      throw new MtlsError(refusal?.code ?? 'cert-malformed', refusal ? `${refusal.path}: ${refusal.detail}` : 'no identity');
    this.#generation = makeGeneration(1, { identity, policy });
  }

  current(): Generation {
    return this.#generation;
  }

  onSwap(): () => void {
    return () => {};
  }

  readiness(): Readiness {
    const reason = validityCode(this.#generation.leaf.facts) as Readiness['reason'];
    return { ready: reason === undefined, reason };
  }

  metricsText(): string {
    this.#metrics.set('sentinel_mtls_ready', [], this.readiness().ready ? 1 : 0);
    return this.#metrics.text();
  }

  async refresh(): Promise<void> {}

  close(): void {}
}
