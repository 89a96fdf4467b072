import { dirname } from 'node:path';
import { type Candidate, digestOfFiles, iso, judgeFiles, type Part, type Refusal, validityCode } from './candidate.js';
import { serialHash } from './certificate.js';
import { type Code, MtlsError } from './codes.js';
import { FolderWatch } from './folder-watch.js';
import { type Change, changesBetween, type Generation, type GenerationParts, makeGeneration } from './generation.js';
import { type Logger, safeLogger, silentLogger } from './logger.js';
import { Metrics } from './metrics.js';
import { readFiles } from './read-files.js';
import { type Paths, type Timings, timingsOf } from './settings.js';
import type { Readiness, Source, SwapListener } from './source.js';

export interface FileSourceOptions extends Paths {
  readonly timings?: Partial<Timings>;
  /** @default none */
  readonly logger?: Logger;
  /** @default of its own */
  readonly metrics?: Metrics;
  /** False: only `refresh` looks at the files. @default true */
  readonly watch?: boolean;
}

/**
 * Certificate, key, bundle and policy of one folder, always as one valid generation. What can't be used is refused,
 * counted and logged, and the last good generation stays.
 */
export class FileSource implements Source {
  readonly metrics: Metrics;
  readonly timings: Timings;
  readonly #paths: Paths;
  readonly #log: ReturnType<typeof safeLogger>;
  readonly #listeners = new Set<SwapListener>();
  readonly #lastRefusal = new Map<Part, string>();
  #parts: GenerationParts | undefined;
  #generation: Generation | undefined;
  #watch: FolderWatch | undefined;
  #poll: NodeJS.Timeout | undefined;
  #debounce: NodeJS.Timeout | undefined;
  #firstEventAt: number | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #refusals: readonly Refusal[] = [];
  #lastDigest: string | undefined;
  #wake: (() => void) | undefined;
  #saidPlain = false;
  #saidExpiresSoon: number | undefined;
  #saidOutside: Code | undefined;
  #closed = false;

  /**
   * Waits for a first valid generation.
   *
   * @throws MtlsError with the code of the last refusal when the deadline has passed
   */
  static async open(options: FileSourceOptions): Promise<FileSource> {
    const source = new FileSource(options);
    try {
      await source.#waitForFirst();
    } catch (error) {
      source.close();
      throw error;
    }
    return source;
  }

  private constructor({ timings, logger, metrics, watch = true, ...paths }: FileSourceOptions) {
    this.timings = timingsOf(timings ?? {});
    this.metrics = metrics ?? new Metrics();
    this.#log = safeLogger(logger ?? silentLogger, this.timings.maxLogTextLength);
    this.#paths = { certPath: paths.certPath, keyPath: paths.keyPath, caPath: paths.caPath, policyPath: paths.policyPath };
    this.metrics.set('sentinel_mtls_generation', [], 0);
    this.metrics.set('sentinel_mtls_ready', [], 0);
    this.metrics.set('sentinel_mtls_watch_active', [], 0);
    if (watch) this.#startWatching();
  }

  /** The generation that stands. */
  current(): Generation {
    if (!this.#generation) throw new Error('no generation yet: FileSource.open waits for it');
    return this.#generation;
  }

  /** Why the last look refused something; empty when it did not. */
  get refusals(): readonly Refusal[] {
    return this.#refusals;
  }

  /** Registers a listener for swaps; returns how to end it. */
  onSwap(listener: SwapListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether the process may be sent requests. */
  readiness(): Readiness {
    const reason = this.#generation ? (validityCode(this.#generation.leaf.facts) as Readiness['reason']) : 'no-generation';
    this.metrics.set('sentinel_mtls_ready', [], reason === undefined ? 1 : 0);
    return { ready: reason === undefined, reason };
  }

  /** Metrics as text, with those gauges brought up to date that change with time alone. */
  metricsText(): string {
    this.readiness();
    return this.metrics.text();
  }

  /** Looks at the files now, and waits until that is done. A look under way is followed by another one. */
  async refresh(): Promise<void> {
    if (this.#looking) {
      this.#lookAgain = true;
      return this.#looking;
    }
    this.#looking = this.#lookUntilQuiet();
    try {
      await this.#looking;
    } finally {
      this.#looking = undefined;
    }
  }

  /** Stops watching and timers. The generation stays usable. */
  close(): void {
    this.#closed = true;
    this.#watch?.close();
    clearTimeout(this.#poll);
    clearTimeout(this.#debounce);
    this.#listeners.clear();
    this.#wake?.();
  }

  async #lookUntilQuiet(): Promise<void> {
    do {
      this.#lookAgain = false;
      await this.#look();
    } while (this.#lookAgain && !this.#closed);
  }

  async #look(): Promise<void> {
    // without a turn, a caller that looks again and again would leave none to anybody else
    await turn();
    const files = await readFiles(this.#paths, this.timings);
    if (this.#closed) return;
    const digest = digestOfFiles(files);
    if (digest === this.#lastDigest && this.#refusals.length === 0) {
      this.#watchTime();
      return;
    }
    this.#lastDigest = digest;
    // reading, judging and swapping each take milliseconds: requests get their turn between them
    await turn();
    if (this.#closed) return;
    const candidate = judgeFiles(files, this.#parts, this.#generation, this.timings);
    this.#refusals = candidate.refusals;
    const identity = candidate.identity ?? this.#parts?.identity;
    const policy = candidate.policy ?? this.#parts?.policy;
    const complete = identity && (policy || this.#paths.policyPath === undefined);
    // the first generation needs every part: until then nothing is taken
    const taken: readonly Part[] = complete
      ? [...(candidate.identity ? (['identity'] as const) : []), ...(candidate.policy ? (['policy'] as const) : [])]
      : [];
    this.#count(taken, candidate);
    if (taken.length > 0) await turn();
    if (this.#closed) return;
    if (identity && taken.length > 0) this.#swap({ identity, policy }, candidate.identity?.unrelated ?? 0);
    if (!this.#saidPlain && this.#generation) {
      this.#saidPlain = true;
      for (const path of files.plainFolders) this.#log('folder-not-projected', { path });
    }
    this.#watchTime();
    this.#wake?.();
  }

  #count(taken: readonly Part[], { refusals }: Candidate): void {
    for (const part of ['identity', 'policy'] as const) {
      if (taken.includes(part)) this.metrics.add('sentinel_mtls_reloads_total', [part, 'taken', 'ok']);
      const refusal = refusals.find(each => each.part === part);
      if (!refusal) this.#lastRefusal.delete(part);
      else if (this.#lastRefusal.get(part) !== refusal.key) {
        this.#lastRefusal.set(part, refusal.key);
        this.metrics.add('sentinel_mtls_reloads_total', [part, 'refused', refusal.code]);
        this.#log('reload-refused', { part, code: refusal.code, path: refusal.path, detail: refusal.detail });
      }
    }
  }

  #swap(parts: GenerationParts, unrelated: number): void {
    const former = this.#generation;
    const next = makeGeneration((former?.number ?? 0) + 1, parts);
    this.#parts = parts;
    this.#generation = next;
    const changed = changesBetween(next, former);
    this.#describe(next, changed);
    if (unrelated > 0) this.#log('chain-unrelated', { path: this.#paths.certPath, count: unrelated });
    for (const listener of [...this.#listeners]) {
      try {
        listener(next, former);
      } catch (error) {
        // the others must still hear of it; a listener that throws is a mistake of its author
        queueMicrotask(() => process.emitWarning(error instanceof Error ? error : new Error(String(error))));
      }
    }
  }

  #describe(next: Generation, changed: readonly Change[]): void {
    const { facts } = next.leaf;
    const { trustFingerprint, roots } = next.identity;
    const spiffeId = next.spiffeId ?? 'none';
    this.metrics.set('sentinel_mtls_identity_info', [spiffeId, serialHash(facts), trustFingerprint, next.id], 1);
    this.metrics.set('sentinel_mtls_generation', [], next.number);
    this.metrics.set('sentinel_mtls_generation_timestamp_seconds', [], next.takenAt / 1000);
    this.metrics.set('sentinel_mtls_certificate_not_after_seconds', [], facts.notAfter / 1000);
    this.metrics.set('sentinel_mtls_certificate_not_before_seconds', [], facts.notBefore / 1000);
    this.metrics.set('sentinel_mtls_trust_roots', [], roots.length);
    this.#log('generation-taken', {
      generation: next.number,
      id: next.id,
      spiffeId,
      serialHash: serialHash(facts),
      notAfter: iso(facts.notAfter),
      trustFingerprint,
      roots: roots.length,
      changed,
    });
  }

  /** Says once what only time brings about. */
  #watchTime(): void {
    const generation = this.#generation;
    if (!generation) return;
    const { notBefore, notAfter } = generation.leaf.facts;
    const code = validityCode(generation.leaf.facts);
    if (code !== this.#saidOutside) {
      this.#saidOutside = code;
      if (code) this.#log('leaf-outside-validity', { notBefore: iso(notBefore), notAfter: iso(notAfter) });
    }
    this.readiness();
    if (this.#saidExpiresSoon !== generation.number && Date.now() > notAfter - (notAfter - notBefore) / 3) {
      this.#saidExpiresSoon = generation.number;
      this.#log('certificate-expires-soon', { notAfter: iso(notAfter) });
    }
  }

  async #waitForFirst(): Promise<void> {
    const { firstGenerationDeadlineMs, retryInitialMs, retryMaxMs } = this.timings;
    const started = performance.now();
    for (let wait = retryInitialMs; ; wait = Math.min(wait * 2, retryMaxMs)) {
      await this.refresh();
      if (this.#generation) return;
      const left = firstGenerationDeadlineMs - (performance.now() - started);
      if (left <= 0) throw this.#firstError();
      await this.#sleep(Math.min(wait, left));
      // a look by the watch may have come first
      if (this.#generation) return;
    }
  }

  /** Until the time has passed, or any look has ended. Keeps the process alive: it has nothing else to do yet. */
  #sleep(ms: number): Promise<void> {
    return new Promise(resolve => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }

  #firstError(): MtlsError {
    const [refusal] = this.#refusals;
    const seconds = this.timings.firstGenerationDeadlineMs / 1000;
    if (!refusal) return new MtlsError('cert-missing', `no valid generation within ${seconds} s`);
    return new MtlsError(refusal.code, `no valid generation within ${seconds} s: ${refusal.code}: ${refusal.path}: ${refusal.detail}`);
  }

  #startWatching(): void {
    const { certPath, keyPath, caPath, policyPath } = this.#paths;
    const paths = [certPath, keyPath, caPath, ...(policyPath === undefined ? [] : [policyPath])];
    this.#watch = new FolderWatch(
      [...new Set(paths.map(path => dirname(path)))],
      () => this.#onEvent(),
      (path, detail) => this.#log('watch-lost', { path, detail }),
    );
    this.metrics.set('sentinel_mtls_watch_active', [], this.#watch.active ? 1 : 0);
    this.#schedulePoll();
  }

  #onEvent(): void {
    if (this.#closed) return;
    const now = performance.now();
    this.#firstEventAt ??= now;
    const { debounceMs, debounceMaxMs } = this.timings;
    const wait = Math.max(0, Math.min(debounceMs, this.#firstEventAt + debounceMaxMs - now));
    clearTimeout(this.#debounce);
    this.#debounce = setTimeout(() => {
      this.#firstEventAt = undefined;
      void this.refresh();
    }, wait).unref();
  }

  #schedulePoll(): void {
    if (this.#closed) return;
    const { pollIntervalMs, pollJitter } = this.timings;
    const wait = pollIntervalMs * (1 + pollJitter * (2 * Math.random() - 1));
    this.#poll = setTimeout(() => {
      this.#watch?.check();
      this.metrics.set('sentinel_mtls_watch_active', [], this.#watch?.active ? 1 : 0);
      void this.refresh().finally(() => this.#schedulePoll());
    }, wait).unref();
  }
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));
